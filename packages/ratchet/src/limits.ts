/**
 * Bounds on the work and the memory that a peer's headers can ask for.
 * @module
 */
import { RatchetError } from "./errors.ts";

export type RatchetLimits = {
  /** How many messages of one chain may be missing before one that arrives. @default 65_536 */
  readonly maxChainAdvance?: number;
  /** How many keys of missing messages a state keeps, over all chains; the newest stay. @default 1_000 */
  readonly maxSkippedKeys?: number;
  /** How long the key of a missing message is kept. @default 2_592_000_000 (30 days) */
  readonly skippedKeyLifetimeMs?: number;
};

const DEFAULTS: Required<RatchetLimits> = {
  maxChainAdvance: 65_536,
  maxSkippedKeys: 1_000,
  skippedKeyLifetimeMs: 30 * 24 * 60 * 60 * 1_000,
};

export function resolveLimits(limits: RatchetLimits | undefined): Required<RatchetLimits> {
  if (limits === undefined) return DEFAULTS;
  const resolved = {
    maxChainAdvance: limits.maxChainAdvance ?? DEFAULTS.maxChainAdvance,
    maxSkippedKeys: limits.maxSkippedKeys ?? DEFAULTS.maxSkippedKeys,
    skippedKeyLifetimeMs: limits.skippedKeyLifetimeMs ?? DEFAULTS.skippedKeyLifetimeMs,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RatchetError("INVALID_OPTION", `${name}: want an integer ≥ 0, got ${value}`);
    }
  }
  return resolved;
}
