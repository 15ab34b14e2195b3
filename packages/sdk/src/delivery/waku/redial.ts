/**
 * When to dial again. Pure.
 * @module
 */
const FIRST_MS = 250;
const SHORT_MS = 1_000;
/** About half a minute: a service node that restarts is back within a second of its return. */
const SHORT_ATTEMPTS = 30;
const LONGEST_MS = 30_000;

/**
 * @param attempt - 0 for the first one after a connection was lost, or could not be made
 * @param random - 0 to below 1: clients that lost the same node together do not come back together
 * @returns 0.5 to 1.5 times of 250 ms, 500 ms, 1 s for half a minute, then doubling up to 30 s
 */
export function redialDelayMs(attempt: number, random: number): number {
  const shortMs = Math.min(SHORT_MS, FIRST_MS * 2 ** attempt);
  const longer = Math.max(0, attempt - SHORT_ATTEMPTS);
  return Math.min(LONGEST_MS, shortMs * 2 ** longer) * (0.5 + random);
}
