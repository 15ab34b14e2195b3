/**
 * The segments of one payload that have arrived, and the report when the rest never does.
 * @module
 */
import { hashPayload, type Segment } from "./segment.ts";

/** What a waiting segment costs besides its chunk: the array object and its place in the map, rounded up. */
const SEGMENT_COST = 256;

/** What a set costs besides its segments, rounded up. */
const SET_COST = 1_024;

/** Indexes from `first` to `last`, both included. */
export type IndexRange = { readonly first: number; readonly last: number };

/** A set that will not be put together (SEG-R3). */
export type IncompleteReport = {
  readonly setId: string;
  /** As given to `accept` with the first segment. */
  readonly sender?: string;
  /** `timeout`: no segment for `timeoutMs`; `evicted`: the bounds on memory left no room for it. */
  readonly reason: "timeout" | "evicted";
  readonly payloadLength: number;
  readonly held: number;
  /** How many more segments it would have taken. */
  readonly needed: number;
  /** Data and parity segments of the set. */
  readonly total: number;
  /** The data segments that never came, in order. */
  readonly missing: readonly IndexRange[];
  /** Since the first segment. */
  readonly ageMs: number;
};

/**
 * Names the set of a segment: all that its segments must agree on. Segments with the same hash that disagree on
 * anything else are different sets, so a forged header does not spoil the genuine ones.
 */
export function setIdOf({ payloadHash, payloadLength, dataCount, parityCount, chunkSize }: Segment): string {
  const hash = Array.from(payloadHash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hash, payloadLength, dataCount, parityCount, chunkSize].join("-");
}

/** What a whole set costs at most. */
export function costOfSet({ payloadLength, dataCount }: Segment): number {
  return SET_COST + payloadLength + dataCount * SEGMENT_COST;
}

export class PartialSet {
  readonly setId: string;
  readonly sender: string | undefined;
  readonly total: number;
  readonly #payloadHash: Uint8Array;
  readonly #payloadLength: number;
  readonly #dataCount: number;
  readonly #chunkSize: number;
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #startedAtMs: number;
  #updatedAtMs: number;
  #cost = SET_COST;

  constructor(segment: Segment, setId: string, sender: string | undefined, nowMs: number) {
    this.setId = setId;
    this.sender = sender;
    this.total = segment.dataCount + segment.parityCount;
    this.#payloadHash = new Uint8Array(segment.payloadHash);
    this.#payloadLength = segment.payloadLength;
    this.#dataCount = segment.dataCount;
    this.#chunkSize = segment.chunkSize;
    this.#startedAtMs = nowMs;
    this.#updatedAtMs = nowMs;
  }

  get held(): number {
    return this.#chunks.size;
  }

  get needed(): number {
    return this.#dataCount - this.#chunks.size;
  }

  /** Bytes of memory, never less than what is really held. */
  get cost(): number {
    return this.#cost;
  }

  get updatedAtMs(): number {
    return this.#updatedAtMs;
  }

  /** Keeps a copy of the chunk of a data segment of this set. What is held already stays as it is. */
  add({ index, chunk }: Segment, nowMs: number): "added" | "duplicate" | "mismatch" {
    const held = this.#chunks.get(index);
    if (held !== undefined) return equal(held, chunk) ? "duplicate" : "mismatch";
    // Not `slice`: of a Node buffer, that would keep the whole message alive.
    this.#chunks.set(index, new Uint8Array(chunk));
    this.#cost += chunk.length + SEGMENT_COST;
    this.#updatedAtMs = Math.max(this.#updatedAtMs, nowMs);
    return "added";
  }

  /** The payload of a set that needs no more, or undefined if it is not the one that was hashed. */
  join(): Uint8Array | undefined {
    const payload = new Uint8Array(this.#payloadLength);
    for (const [index, chunk] of this.#chunks) payload.set(chunk, index * this.#chunkSize);
    return equal(hashPayload(payload), this.#payloadHash) ? payload : undefined;
  }

  report(reason: IncompleteReport["reason"], nowMs: number): IncompleteReport {
    return {
      setId: this.setId,
      ...(this.sender !== undefined && { sender: this.sender }),
      reason,
      payloadLength: this.#payloadLength,
      held: this.held,
      needed: this.needed,
      total: this.total,
      missing: this.#missing(),
      ageMs: Math.max(0, nowMs - this.#startedAtMs),
    };
  }

  /** Ranges, because a count of 65,536 costs its sender nothing and must not cost us more. */
  #missing(): IndexRange[] {
    const ranges: IndexRange[] = [];
    let first = 0;
    for (const index of [...this.#chunks.keys(), this.#dataCount].sort((a, b) => a - b)) {
      if (index > first) ranges.push({ first, last: index - 1 });
      first = index + 1;
    }
    return ranges;
  }
}

/** For public values: it returns at the first difference. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
