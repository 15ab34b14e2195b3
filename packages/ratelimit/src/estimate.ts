/**
 * When a message that waits should go.
 * @module
 */
import type { Priority } from "./message.ts";
import { type Quota, roomFor, shareOf } from "./quota.ts";

/**
 * @param messages - how many go before and with it
 * @returns unix time in milliseconds, now at the earliest; undefined if no epoch has quota for its priority
 */
export function estimateMs(
  messages: number,
  priority: Priority,
  quota: Quota,
  epochMs: number,
  nowMs: number,
): number | undefined {
  const later = messages - roomFor(priority, quota);
  if (later <= 0) return nowMs;
  const share = shareOf(priority, quota);
  if (share === 0) return undefined;
  return quota.resetsAtMs + (Math.ceil(later / share) - 1) * epochMs;
}
