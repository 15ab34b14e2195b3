/**
 * How much of other people's wishes an account keeps, and for how long.
 * @module
 */
import { RatchetError } from "../errors.ts";

export type SessionLimits = {
  /** Invites that take new handshakes; private renewals are counted apart. @default 100 */
  readonly maxLiveInvites?: number;
  /** Live renewals over all peers. @default 1_000 */
  readonly maxLiveRenewals?: number;
  /** Sessions of one multi-use invite that nobody has answered. @default 20 */
  readonly maxUnanswered?: number;
  /** Sessions that one multi-use invite ever makes; then it is used up. @default 10_000 */
  readonly maxHandshakes?: number;
  /** Of a multi-use invite made without an expiry. @default 2_592_000_000 (30 days) */
  readonly multiUseLifetimeMs?: number;
  /** How long an ended invite's key opens envelopes, and an unused session receives. @default 2_592_000_000 (30 days) */
  readonly keepMs?: number;
  /** Sessions with one peer; the least useful go. @default 8 */
  readonly maxSessionsPerPeer?: number;
};

const DAYS_30_MS = 30 * 24 * 60 * 60 * 1_000;
const DEFAULTS: Required<SessionLimits> = {
  maxLiveInvites: 100,
  maxLiveRenewals: 1_000,
  maxUnanswered: 20,
  maxHandshakes: 10_000,
  multiUseLifetimeMs: DAYS_30_MS,
  keepMs: DAYS_30_MS,
  maxSessionsPerPeer: 8,
};

export function resolveSessionLimits(limits: SessionLimits | undefined): Required<SessionLimits> {
  const resolved = { ...DEFAULTS, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RatchetError("INVALID_OPTION", `${name}: want an integer ≥ 1, got ${value}`);
    }
  }
  return resolved;
}

export function checkTime(nowMs: number): void {
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
    throw new RatchetError("INVALID_OPTION", `nowMs: want an integer ≥ 0, got ${nowMs}`);
  }
}
