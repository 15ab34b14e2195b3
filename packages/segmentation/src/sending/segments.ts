/**
 * The messages of one payload, made one at a time while they are walked over.
 * @module
 */
import { ErasureCode } from "../erasure.ts";
import { encodeHeader, encodeSegment, setIdOf } from "../segment.ts";
import type { Shards } from "./shards.ts";

/** Messages in index order, data before parity. May be walked more than once; each walk makes them anew. */
export interface Segments extends Iterable<Uint8Array> {
  /** How many messages there are. */
  readonly total: number;
  /** As the receiver calls the set; absent for a payload that travels as it is. */
  readonly setId?: string;
}

export function unmodified(payload: Uint8Array): Segments {
  return { total: 1, [Symbol.iterator]: () => [payload][Symbol.iterator]() };
}

export function segmentsOf(shards: Shards, chunkSize: number, parityCount: number): Segments {
  const { chunks, length, hash } = shards;
  const set = { payloadHash: hash, payloadLength: length, dataCount: chunks.length, parityCount };
  return {
    total: chunks.length + parityCount,
    setId: setIdOf({ ...set, chunkSize: chunks.length === 1 ? 0 : chunkSize }),
    *[Symbol.iterator]() {
      for (const [index, chunk] of chunks.entries()) yield encodeSegment({ ...set, index, isParity: false, chunk });
      if (parityCount === 0) return;
      const parity = Array.from({ length: parityCount }, (_, index) =>
        encodeHeader({ ...set, index, isParity: true }, chunkSize),
      );
      const places = parity.map(({ chunk }) => chunk);
      new ErasureCode().encode(chunks, places, chunkSize);
      for (const { bytes } of parity) yield bytes;
    },
  };
}
