/**
 * A payload as chunks of one size, with its hash: what segments are made of. Blinding happens here, because the hash
 * is taken over the blinded payload.
 * @module
 */
import { createKeccak256 } from "../keccak.ts";

export type Shards = {
  /** All of `chunkSize` bytes but the last one; at least one, which is empty for an empty payload. */
  readonly chunks: readonly Uint8Array[];
  /** Of the chunks together. */
  readonly length: number;
  readonly hash: Uint8Array;
};

/** @param blinding - bytes in front of the payload, shorter than a chunk. The chunks share memory with `payload`. */
export function shardsOf(payload: Uint8Array, chunkSize: number, blinding: Uint8Array): Shards {
  const chunks: Uint8Array[] = [];
  let start = 0;
  if (blinding.length > 0) {
    start = chunkSize - blinding.length;
    chunks.push(concat([blinding, payload.subarray(0, start)]));
  }
  for (; start < payload.length || chunks.length === 0; start += chunkSize) {
    chunks.push(payload.subarray(start, start + chunkSize));
  }
  const hash = createKeccak256().update(blinding).update(payload).digest();
  return { chunks, length: blinding.length + payload.length, hash };
}

/** Collects a payload that arrives in pieces: one copy of it, hashed on the way. */
export class ShardCollector {
  readonly #chunkSize: number;
  readonly #blinding: Uint8Array;
  readonly #hasher = createKeccak256();
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(chunkSize: number, blinding: Uint8Array) {
    this.#chunkSize = chunkSize;
    this.#blinding = blinding;
    this.push(blinding);
  }

  /** Of what was pushed, without the blinding. */
  get payloadLength(): number {
    return this.#length - this.#blinding.length;
  }

  push(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    for (let taken = 0; taken < bytes.length; ) {
      const filled = this.#length % this.#chunkSize;
      if (filled === 0) this.#chunks.push(new Uint8Array(this.#chunkSize));
      const piece = bytes.subarray(taken, taken + this.#chunkSize - filled);
      this.#chunks.at(-1)?.set(piece, filled);
      taken += piece.length;
      this.#length += piece.length;
    }
  }

  /** The payload as it came; only for small ones, since it is a copy. */
  payload(): Uint8Array {
    return concat(this.#chunks).slice(this.#blinding.length, this.#length);
  }

  /** To be called once. */
  finish(): Shards {
    const chunks = this.#chunks.length === 0 ? [new Uint8Array(0)] : [...this.#chunks];
    const last = chunks.length - 1;
    chunks[last] = (chunks[last] ?? new Uint8Array(0)).subarray(0, this.#length - last * this.#chunkSize);
    return { chunks, length: this.#length, hash: this.#hasher.digest() };
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
