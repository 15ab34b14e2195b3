/**
 * The quota of one epoch as the rules see it: how much is left, and what of it is for whom.
 * @module
 */
import type { EpochLedger } from "./epoch-ledger.ts";
import type { Priority } from "./message.ts";
import type { QuotaReading } from "./quota-source.ts";

/** What the application is shown. */
export type Quota = {
  readonly epoch: number;
  /** Messages in this epoch. */
  readonly total: number;
  /** By us or, if it is more, by the count of the source. */
  readonly used: number;
  readonly remaining: number;
  /** At this number of remaining messages and below, quota is low: what is left is for critical ones. */
  readonly lowMark: number;
  /** `unknown`: the source has not answered yet, so nothing passes and nothing is dropped. */
  readonly level: "high" | "low" | "exhausted" | "unknown";
  /** Unix time in milliseconds at which the next epoch begins. */
  readonly resetsAtMs: number;
  /** By our own count. */
  readonly usedBy: Readonly<Record<Priority, number>>;
  /** How many critical messages an epoch is to be expected to have: as many as this or the one before, if it had more. */
  readonly expectedCritical: number;
};

export type QuotaRules = {
  readonly messagesPerEpoch: number | undefined;
  /** Share of the limit, from 0 to below 1. */
  readonly lowShare: number;
};

/** RLN Relay's example: 100 messages in 10 minutes. */
export const DEFAULT_MESSAGES_PER_EPOCH = 100;

export function quotaOf(reading: QuotaReading, ledger: EpochLedger, rules: QuotaRules): Quota {
  const { epoch, endsAtMs } = reading;
  const total = limitOf(reading.limit, rules.messagesPerEpoch);
  const own = ledger.usage(epoch);
  const used = Math.min(total, Math.max(own.used, reading.used ?? 0));
  const remaining = total - used;
  const lowMark = lowMarkOf(total, rules.lowShare);
  const level = remaining === 0 ? "exhausted" : remaining <= lowMark ? "low" : "high";
  const usedBy = { ...own.usedBy };
  const expectedCritical = Math.max(usedBy.critical, ledger.usage(epoch - 1).usedBy.critical);
  return { epoch, total, used, remaining, lowMark, level, resetsAtMs: endsAtMs, usedBy, expectedCritical };
}

/** Before the source has answered: the epoch is a guess, and it has no quota. */
export function unknownQuota({ epoch, endsAtMs }: QuotaReading): Quota {
  const usedBy = { critical: 0, normal: 0, optional: 0 };
  const none = { total: 0, used: 0, remaining: 0, lowMark: 0, usedBy, expectedCritical: 0 };
  return { epoch, ...none, level: "unknown", resetsAtMs: endsAtMs };
}

/** An explicit limit may only lower that of the source. */
function limitOf(ofSource: number | undefined, explicit: number | undefined): number {
  if (ofSource === undefined) return explicit ?? DEFAULT_MESSAGES_PER_EPOCH;
  return Math.min(ofSource, explicit ?? ofSource);
}

export function lowMarkOf(total: number, lowShare: number): number {
  return Math.floor(total * lowShare);
}

/** How many messages of a priority may go now. Below critical, what the low mark means stays in reserve. */
export function roomFor(priority: Priority, { remaining, lowMark }: Quota): number {
  return priority === "critical" ? remaining : Math.max(0, remaining - lowMark);
}

/** How many messages of a priority an epoch holds from its beginning, if nothing else is sent in it. */
export function shareOf(priority: Priority, { total, lowMark }: Quota): number {
  return priority === "critical" ? total : total - lowMark;
}

/** What is left of that beside as many critical messages as are to be expected. */
export function expectedShareOf(priority: Priority, quota: Quota): number {
  const share = shareOf(priority, quota);
  return priority === "critical" ? share : Math.max(0, share - quota.expectedCritical);
}
