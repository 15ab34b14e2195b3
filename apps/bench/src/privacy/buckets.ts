/**
 * Mailbox buckets as an observer keeps track of them: when each got something, and which two are busy together.
 * @module
 */
import { at, firstAtOrAfter, type Observed } from "./trace.ts";

/** When each bucket got a message, and its row. */
export type BucketRows = readonly { readonly atMs: Float64Array; readonly rows: Int32Array }[];

export function rowsOfBuckets({ count, buckets, atMs, bucket }: Observed): BucketRows {
  const rows = Array.from({ length: buckets }, (): number[] => []);
  for (let row = 0; row < count; row += 1) rows[at(bucket, row)]?.push(row);
  return rows.map((own) => ({ atMs: Float64Array.from(own, (row) => at(atMs, row)), rows: Int32Array.from(own) }));
}

/** Messages of a bucket at that time or later, and before the other. */
export function countBetween(buckets: BucketRows, bucket: number, fromMs: number, untilMs: number): number {
  const times = buckets[bucket]?.atMs;
  return times === undefined ? 0 : firstAtOrAfter(times, untilMs) - firstAtOrAfter(times, fromMs);
}

/** From one lag up to, and without, the other. */
export type Band = { readonly fromMs: number; readonly toMs: number };

/** How much more often a message in one bucket is followed by one in another than if they had nothing to do with each other. */
export class BucketPairs {
  readonly bands: readonly Band[];
  readonly #buckets: number;
  readonly #durationMs: number;
  readonly #inBucket: Float64Array;
  /** Of each band: first bucket × buckets + second bucket. */
  readonly #counts: readonly Float64Array[];

  /** @param bands - lags that follow each other */
  constructor({ count, buckets, durationMs, atMs, bucket }: Observed, bands: readonly Band[]) {
    this.bands = bands;
    this.#buckets = buckets;
    this.#durationMs = durationMs;
    this.#inBucket = new Float64Array(buckets);
    for (let row = 0; row < count; row += 1) {
      const own = at(bucket, row);
      this.#inBucket[own] = at(this.#inBucket, own) + 1;
    }
    this.#counts = bands.map(({ fromMs, toMs }) => {
      const counts = new Float64Array(buckets * buckets);
      let [from, to] = [0, 0];
      for (let row = 0; row < count; row += 1) {
        const nowMs = at(atMs, row);
        while (from < count && at(atMs, from) < nowMs + fromMs) from += 1;
        while (to < count && at(atMs, to) < nowMs + toMs) to += 1;
        const offset = at(bucket, row) * buckets;
        for (let other = Math.max(from, row + 1); other < to; other += 1) {
          const cell = offset + (bucket[other] ?? 0);
          counts[cell] = (counts[cell] ?? 0) + 1;
        }
      }
      return counts;
    });
  }

  /** Deviations from what chance would bring, of each band: a message in `one`, then one in `other`. */
  surprises(one: number, other: number): number[] {
    return this.bands.map(({ fromMs, toMs }, band) => {
      const expected = (at(this.#inBucket, one) * at(this.#inBucket, other) * (toMs - fromMs)) / this.#durationMs;
      const count = at(this.#counts[band] ?? [], one * this.#buckets + other);
      return (count - expected) / Math.sqrt(expected + 1);
    });
  }

  /** The same, relative to what chance would bring. */
  lifts(one: number, other: number): number[] {
    return this.bands.map(({ fromMs, toMs }, band) => {
      const expected = (at(this.#inBucket, one) * at(this.#inBucket, other) * (toMs - fromMs)) / this.#durationMs;
      const count = at(this.#counts[band] ?? [], one * this.#buckets + other);
      return Math.log((count + 0.5) / (expected + 0.5));
    });
  }

  busyness(bucket: number): number {
    return Math.log(1 + at(this.#inBucket, bucket));
  }
}
