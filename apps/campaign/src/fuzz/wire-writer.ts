/**
 * Writes protobuf records right and wrong. Everything goes into one buffer that is used again for the next message: a
 * receiver that kept a reference would find it overwritten.
 * @module
 */
import type { Random } from "../random.ts";

/** What a segment says; any of it may be untrue. */
export type Header = {
  readonly hash: Uint8Array;
  readonly length: number;
  readonly index: number;
  readonly dataCount: number;
  readonly parityCount: number;
  readonly isParity: boolean;
};

/** Beyond what any mutation writes. */
const CAPACITY = 2 ** 20;

export class WireWriter {
  readonly #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = CAPACITY) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Begins the next message. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next `reset`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  varint(value: number): this {
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  tag(field: number, wireType: number): this {
    return this.varint(field * 8 + wireType);
  }

  /** As an encoder has it: zero is left out. */
  varintField(field: number, value: number): this {
    return value === 0 ? this : this.tag(field, 0).varint(value);
  }

  bytesField(field: number, bytes: Uint8Array): this {
    return bytes.length === 0 ? this : this.tag(field, 2).varint(bytes.length).raw(bytes);
  }

  segment({ hash, length, index, dataCount, parityCount, isParity }: Header, chunk: Uint8Array): this {
    return this.bytesField(1, hash)
      .varintField(2, length)
      .varintField(3, index)
      .varintField(4, dataCount)
      .varintField(5, parityCount)
      .varintField(6, isParity ? 1 : 0)
      .bytesField(7, chunk);
  }

  /** Overwrites, cuts out or puts in bytes at random. */
  damage(random: Random, edits: number): this {
    for (let edit = 0; edit < edits && this.#length > 0; edit += 1) {
      const at = random.below(this.#length);
      const kind = random.below(6);
      if (kind < 2) this.#buffer[at] = (this.#buffer[at] ?? 0) ^ (1 << random.below(8));
      else if (kind < 4) this.#buffer[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      else if (kind === 4) this.#cutOut(at, random.spread(1, 16));
      else this.#putIn(at, random.bytes(random.spread(1, 16)));
    }
    return this;
  }

  /** Leaves the first `length` bytes. */
  cut(length: number): this {
    this.#length = Math.min(this.#length, length);
    return this;
  }

  #cutOut(at: number, count: number): void {
    this.#buffer.copyWithin(at, at + count, this.#length);
    this.#length = Math.max(at, this.#length - count);
  }

  #putIn(at: number, bytes: Uint8Array): void {
    this.#buffer.copyWithin(at + bytes.length, at, this.#length);
    this.#buffer.set(bytes, at);
    this.#length += bytes.length;
  }
}
