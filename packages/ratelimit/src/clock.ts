/**
 * Time, as the manager sees it.
 * @module
 */

export interface Clock {
  /** Milliseconds since the Unix epoch. May jump. */
  nowMs(): number;
  /** Calls back once, after about `delayMs`; the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

/** What timers of the runtime take at most. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: Date.now,
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(LONGEST_DELAY_MS, Math.max(0, delayMs)));
    return () => clearTimeout(timer);
  },
};
