/**
 * When a message that was not taken is tried again.
 * @module
 */

export type RetryRules = {
  /** Transmissions of a message in all. */
  readonly maxAttempts: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
};

/**
 * Doubles with each attempt, with "equal jitter": half of it is fixed, the other half random.
 *
 * @param attempt - 1 for the first
 * @param random - from 0 to below 1
 */
export function pauseAfter(attempt: number, { firstPauseMs, longestPauseMs }: RetryRules, random: number): number {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
  return pauseMs * (0.5 + random / 2);
}
