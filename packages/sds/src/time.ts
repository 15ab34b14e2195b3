/**
 * Time comes from the caller, in whole milliseconds since the Unix epoch.
 * @module
 */
import { SdsError } from "./errors.ts";

/**
 * Checked at every entry: a fraction would only show when the state is written, long after it got in.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function checkTime(nowMs: number): void {
  if (Number.isSafeInteger(nowMs) && nowMs >= 0) return;
  throw new SdsError("INVALID_OPTION", `nowMs: want whole milliseconds since 1970, got ${nowMs}`);
}

/** Nothing is planned further ahead: retransmissions, requests and answers all come within an hour, and half a minute. */
const LONGEST_PLAN_MS = 3_630_000;

/** Whether a planned time has come. One that is too far ahead is of a clock that was set back since. */
export function isDue(dueMs: number, nowMs: number): boolean {
  return dueMs <= nowMs || dueMs > nowMs + LONGEST_PLAN_MS;
}

/** Whether it is `durationMs` since then, or the clock was set back by more than that. */
export function hasPassed(sinceMs: number, durationMs: number, nowMs: number): boolean {
  return sinceMs + durationMs <= nowMs || sinceMs > nowMs + durationMs;
}
