/**
 * Where the limit and the number of the epoch come from.
 * Source: 17/WAKU2-RLN-RELAY, "Epoch"; RLN-V2 for more than one message in an epoch.
 * @module
 */

export type QuotaReading = {
  /** Grows with time; never below 0. */
  readonly epoch: number;
  /**
   * Messages in an epoch; the user message limit of an RLN membership. Absent if the source does not know. 0 while
   * there is none: everything waits. Any other is taken at its word: a queued batch that it cannot hold fails.
   */
  readonly limit?: number;
  /** How many are used in this epoch by the source's own count, such as by another program with the membership. */
  readonly used?: number;
  /** When the next epoch begins. */
  readonly endsAtMs: number;
};

export interface QuotaSource {
  /** All values in one reading, so that they belong together. */
  read(nowMs: number): QuotaReading | Promise<QuotaReading>;
}

/** Epochs by the clock: epoch = floor(unix time / epoch length). */
export function wallClockSource(epochSeconds: number): QuotaSource {
  const lengthMs = epochSeconds * 1_000;
  return {
    read(nowMs) {
      const epoch = Math.max(0, Math.floor(nowMs / lengthMs));
      return { epoch, endsAtMs: (epoch + 1) * lengthMs };
    },
  };
}
