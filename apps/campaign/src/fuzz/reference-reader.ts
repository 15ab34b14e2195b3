/**
 * Reads a segment message after the protobuf encoding specification, independently of the library under test.
 * As that library's decoder does, it goes by the number of a known field and does not look at its wire type.
 * @module
 */
import type { Header } from "./wire-writer.ts";

export type ReadSegment = Header & { readonly chunk: Uint8Array };

const NOTHING: Uint8Array = new Uint8Array(0);

/** Undefined for what is no message. The chunk shares memory with `bytes`. */
export function readSegment(bytes: Uint8Array): ReadSegment | undefined {
  const cursor = new Cursor(bytes);
  const read = {
    hash: NOTHING,
    length: 0,
    index: 0,
    dataCount: 0,
    parityCount: 0,
    isParity: false,
    chunk: NOTHING,
  };
  while (cursor.at < bytes.length) {
    const tag = cursor.tag();
    if (tag === undefined) return undefined;
    const field = Math.floor(tag / 8);
    if (field === 1) read.hash = cursor.delimited();
    else if (field === 2) read.length = cursor.uint32();
    else if (field === 3) read.index = cursor.uint32();
    else if (field === 4) read.dataCount = cursor.uint32();
    else if (field === 5) read.parityCount = cursor.uint32();
    else if (field === 6) read.isParity = cursor.isNotZero();
    else if (field === 7) read.chunk = cursor.delimited();
    else cursor.skip(field, tag % 8, 0);
    if (cursor.isBroken) return undefined;
  }
  return read;
}

/** Beyond which nested groups are refused; the decoder's limit is about the same. */
const MAX_DEPTH = 99;

class Cursor {
  readonly #bytes: Uint8Array;
  at = 0;
  isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Undefined for one that no field has. */
  tag(): number | undefined {
    const start = this.at;
    const value = this.#varint();
    const isTag = this.at - start <= 5 && value >= 8n && value < 2n ** 32n && value % 8n <= 5n;
    return isTag && !this.isBroken ? Number(value) : undefined;
  }

  uint32(): number {
    return Number(this.#varint() & 0xffff_ffffn);
  }

  isNotZero(): boolean {
    return (this.#varint() & 0xffff_ffff_ffff_ffffn) !== 0n;
  }

  delimited(): Uint8Array {
    const length = this.uint32();
    const start = this.at;
    this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  skip(field: number, wireType: number, depth: number): void {
    if (wireType === 0) this.#skipVarint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.#advance(this.uint32());
    else if (wireType === 5) this.#advance(4);
    else if (wireType === 3 && depth < MAX_DEPTH) this.#skipGroup(field, depth);
    else this.isBroken = true;
  }

  #skipGroup(field: number, depth: number): void {
    while (!this.isBroken) {
      const tag = this.tag();
      if (tag === undefined) {
        this.isBroken = true;
        return;
      }
      const inner = Math.floor(tag / 8);
      if (tag % 8 === 4) {
        if (inner !== field) this.isBroken = true;
        return;
      }
      this.skip(inner, tag % 8, depth + 1);
    }
  }

  /** Whatever its length: nobody looks at the value. */
  #skipVarint(): void {
    while (((this.#bytes[this.at] ?? 0) & 128) !== 0) this.at += 1;
    this.#advance(1);
  }

  #varint(): bigint {
    const [first = 128] = [this.#bytes[this.at]];
    if (first < 128) {
      this.at += 1;
      return BigInt(first);
    }
    let value = 0n;
    for (let taken = 0; taken < 10; taken += 1) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value |= BigInt(byte & 127) << BigInt(7 * taken);
      if (byte < 128) return value;
    }
    this.isBroken = true;
    return 0n;
  }

  #advance(count: number): void {
    this.at += count;
    if (this.at > this.#bytes.length) this.isBroken = true;
  }
}
