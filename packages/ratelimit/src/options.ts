/**
 * Options of the manager, their defaults and their checks.
 * @module
 */
import { type Clock, systemClock } from "./clock.ts";
import type { DeliveryService } from "./delivery-service.ts";
import { RateLimitError } from "./errors.ts";
import { openMemoryQueue } from "./memory-queue-store.ts";
import type { QueueStore } from "./queue-store.ts";
import { type QuotaSource, wallClockSource } from "./quota-source.ts";
import type { RetryRules } from "./retry.ts";

export type RateLimitOptions = {
  readonly delivery: DeliveryService;
  /** Owned by the manager from here on, which closes it. @default a queue in memory */
  readonly store?: QueueStore;
  /** May lower the limit of the source, not raise it. @default the limit of the source, else 100 */
  readonly messagesPerEpoch?: number;
  /** Length of an epoch of the default source, and for estimates. @default 600 */
  readonly epochSeconds?: number;
  /** @default the wall clock */
  readonly source?: QuotaSource;
  /** Share of the limit at which and below which quota is low: 0 to below 1. @default 0.3 */
  readonly lowShare?: number;
  /** Messages under way at one time. @default 8 */
  readonly concurrency?: number;
  /** @default 100_000 */
  readonly maxQueuedMessages?: number;
  /** @default 268_435_456 (256 MiB) */
  readonly maxQueuedBytes?: number;
  /** How many messages that ended are remembered. @default 10_000 */
  readonly maxEnded?: number;
  /** Transmissions of one message before it fails. @default 10 */
  readonly maxAttempts?: number;
  /** Before the second transmission; doubles with each. @default 1_000 */
  readonly firstPauseMs?: number;
  /** @default 300_000 */
  readonly longestPauseMs?: number;
  /**
   * How long the outcome of a message that has passed may wait, in memory, for something else that is to be written; after a
   * crash meanwhile it is transmitted once more. 0: it is written at once. @default 0
   */
  readonly settleWithinMs?: number;
  readonly clock?: Clock;
  /** From 0 to below 1, for the jitter of pauses. @default Math.random */
  readonly random?: () => number;
  /** Names for messages without one; unique. @default a random name for the manager and a number */
  readonly newId?: () => string;
};

export type ResolvedOptions = {
  readonly delivery: DeliveryService;
  readonly store: QueueStore;
  readonly messagesPerEpoch: number | undefined;
  readonly epochMs: number;
  readonly source: QuotaSource;
  readonly lowShare: number;
  readonly concurrency: number;
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly maxEnded: number;
  readonly retry: RetryRules;
  readonly settleWithinMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
};

const LONGEST_EPOCH_SECONDS = 365 * 24 * 60 * 60;

/** @throws {@link RateLimitError} `INVALID_OPTION` */
export async function resolveOptions(options: RateLimitOptions): Promise<ResolvedOptions> {
  const { messagesPerEpoch, epochSeconds = 600, lowShare = 0.3, concurrency = 8 } = options;
  const { maxQueuedMessages = 100_000, maxQueuedBytes = 2 ** 28, maxEnded = 10_000 } = options;
  const { maxAttempts = 10, firstPauseMs = 1_000, longestPauseMs = 300_000 } = options;
  const counts = { epochSeconds, concurrency, maxQueuedMessages, maxQueuedBytes, maxAttempts, firstPauseMs };
  for (const [name, value] of Object.entries({ ...counts, longestPauseMs })) checkInteger(name, value, 1);
  const { settleWithinMs = 0 } = options;
  for (const [name, value] of Object.entries({ maxEnded, settleWithinMs })) checkInteger(name, value, 0);
  checkInteger("epochSeconds", epochSeconds, 1, LONGEST_EPOCH_SECONDS);
  if (messagesPerEpoch !== undefined) checkInteger("messagesPerEpoch", messagesPerEpoch, 1);
  if (!(lowShare >= 0 && lowShare < 1)) {
    throw new RateLimitError("INVALID_OPTION", `lowShare: want 0 to below 1, got ${lowShare}`);
  }
  const { source = wallClockSource(epochSeconds), clock = systemClock, random = Math.random } = options;
  const { newId = numberedIds() } = options;
  return {
    delivery: options.delivery,
    store: options.store ?? (await openMemoryQueue()),
    messagesPerEpoch,
    epochMs: epochSeconds * 1_000,
    source,
    lowShare,
    concurrency,
    maxQueuedMessages,
    maxQueuedBytes,
    maxEnded,
    retry: { maxAttempts, firstPauseMs, longestPauseMs },
    settleWithinMs,
    clock,
    random,
    newId,
  };
}

/** A random part for all takes a fourth of the time and of the memory of one for each. */
function numberedIds(): () => string {
  const prefix = Array.from(globalThis.crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join(
    "",
  );
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count}`;
  };
}

function checkInteger(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RateLimitError("INVALID_OPTION", `${name}: want an integer from ${min} to ${max}, got ${value}`);
}
