/**
 * What becomes of a message that was received, and of a set that never becomes whole.
 * @module
 */

/**
 * - `undecodable`: not a segment message (with `wrap: "always"`)
 * - `invalid`: a segment message that contradicts itself or LIP-243 (with `wrap: "always"`)
 * - `oversized`: beyond `maxMessageSize`, `maxPayloadSize`, `maxTotalSegments` or `maxBufferedBytes`
 * - `duplicate`: held already, or of a set that was completed
 * - `mismatch`: its index is held with other bytes, and there is no room for one more alternative
 */
export type DiscardReason = "undecodable" | "invalid" | "oversized" | "duplicate" | "mismatch";

export type AcceptResult =
  | {
      readonly kind: "complete";
      readonly payload: Uint8Array;
      /** Absent for a payload that travelled as it is. */
      readonly setId?: string;
      /** As given to `accept`. */
      readonly sender?: string;
      /** How many indexes had been given forged bytes, if any. */
      readonly forged?: number;
    }
  | {
      /** The segment is held. */
      readonly kind: "pending";
      readonly setId: string;
      readonly index: number;
      readonly isParity: boolean;
      /** Different indexes that are held. */
      readonly held: number;
      /** How many more segments it takes; of a set with forged segments, at least how many. */
      readonly needed: number;
      /** Data and parity segments of the set. */
      readonly total: number;
    }
  | { readonly kind: "discarded"; readonly reason: DiscardReason; readonly setId?: string };

/** Indexes from `first` to `last`, both included. */
export type IndexRange = { readonly first: number; readonly last: number };

/** A set that will not be put together (SEG-R3). */
export type IncompleteReport = {
  readonly setId: string;
  /** As given to `accept`. */
  readonly sender?: string;
  /** `timeout`: no segment for `timeoutMs`; `evicted`: the bounds on memory left no room for it. */
  readonly reason: "timeout" | "evicted";
  readonly payloadLength: number;
  /** Different indexes that were held. */
  readonly held: number;
  /** How many more segments it would have taken, at least. */
  readonly needed: number;
  /** Data and parity segments of the set. */
  readonly total: number;
  /** The data segments that never came, in order; at most {@link MAX_REPORTED_RANGES} ranges. */
  readonly missing: readonly IndexRange[];
  /** The same for parity. */
  readonly missingParity: readonly IndexRange[];
  /** Whether enough came but were not the payload that was announced: some are forged. */
  readonly forged: boolean;
  /** Since the first segment. */
  readonly ageMs: number;
};

/** A hostile sender can leave 32,768 holes; the first of them will do. */
export const MAX_REPORTED_RANGES = 1_024;
