/**
 * When a message that waits should go.
 * @module
 */
import type { Priority } from "./message.ts";
import { expectedShareOf, type Quota, roomFor } from "./quota.ts";

/**
 * @param messages - how many go before and with it
 * @returns unix time in milliseconds, now at the earliest; undefined if the epochs to come have no quota for its priority, as far
 *   as can be told from the critical messages of late
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
  // Critical messages that are still to come in this epoch may take from the next.
  const toCome = priority === "critical" ? 0 : quota.expectedCritical - quota.usedBy.critical;
  const share = expectedShareOf(priority, quota);
  if (share === 0) return undefined;
  return quota.resetsAtMs + (Math.ceil((later + toCome) / share) - 1) * epochMs;
}
