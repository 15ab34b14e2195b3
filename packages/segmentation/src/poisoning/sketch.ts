/**
 * Stands for a shard by random sums over its symbols. The sums are the same for every shard, so sketches satisfy the
 * checks that shards satisfy, and one changed byte shows in three columns that nobody can foresee.
 * @module
 */
import type { Field } from "../erasure/field.ts";
import type { Draw } from "./random.ts";

/** Sums that each symbol is part of. */
const SUMS_PER_SYMBOL = 3;

/** In the 16-bit field, the low bytes of 32 symbols are followed by their high bytes. */
const BLOCK_BYTES = 64;
const BLOCK_SYMBOLS = 32;

export class Sketcher {
  /** Symbols of a sketch. */
  readonly columns: number;
  readonly #field: Field;
  readonly #shardSize: number;
  /** For each symbol of a shard the columns that it is added to. */
  readonly #columnsOf: Uint16Array;
  readonly #padded: Uint8Array;

  /** @param columns - wanted, 1 to 65,535; a small shard is its own sketch, with fewer */
  constructor(field: Field, shardSize: number, columns: number, draw: Draw) {
    const symbols = field.bits === 8 ? shardSize : shardSize / 2;
    const third = Math.ceil(columns / SUMS_PER_SYMBOL);
    this.#field = field;
    this.#shardSize = shardSize;
    this.#padded = new Uint8Array(shardSize);
    if (symbols <= SUMS_PER_SYMBOL * third) {
      this.columns = symbols;
      this.#columnsOf = new Uint16Array(0);
      return;
    }
    this.columns = SUMS_PER_SYMBOL * third;
    this.#columnsOf = Uint16Array.from({ length: SUMS_PER_SYMBOL * symbols }, (_, index) => {
      // Each in a third of its own, so that the three differ.
      return (index % SUMS_PER_SYMBOL) * third + Math.floor((draw() / 2 ** 32) * third);
    });
  }

  sketch(shard: Uint8Array): Uint16Array {
    const bytes = shard.length === this.#shardSize ? shard : this.#pad(shard);
    return this.#field.bits === 8 ? this.#sum8(bytes) : this.#sum16(bytes);
  }

  #pad(shard: Uint8Array): Uint8Array {
    this.#padded.fill(0);
    this.#padded.set(shard.subarray(0, this.#shardSize));
    return this.#padded;
  }

  #sum8(bytes: Uint8Array): Uint16Array {
    const columnsOf = this.#columnsOf;
    if (columnsOf.length === 0) return Uint16Array.from(bytes);
    const sums = new Uint16Array(this.columns);
    for (let index = 0, entry = 0; index < bytes.length; index++, entry += SUMS_PER_SYMBOL) {
      addAtThree(sums, columnsOf, entry, bytes[index] as number);
    }
    return sums;
  }

  #sum16(bytes: Uint8Array): Uint16Array {
    const columnsOf = this.#columnsOf;
    const sums = new Uint16Array(this.columns);
    let index = 0;
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
      for (let low = start; low < start + BLOCK_SYMBOLS; low++, index++) {
        const symbol = (bytes[low] as number) | ((bytes[low + BLOCK_SYMBOLS] as number) << 8);
        if (columnsOf.length === 0) sums[index] = symbol;
        else addAtThree(sums, columnsOf, SUMS_PER_SYMBOL * index, symbol);
      }
    }
    return sums;
  }
}

/** No `at` in here: having seen arrays of all kinds, it is slower. */
function addAtThree(sums: Uint16Array, columnsOf: Uint16Array, entry: number, symbol: number): void {
  const first = columnsOf[entry] as number;
  const second = columnsOf[entry + 1] as number;
  const third = columnsOf[entry + 2] as number;
  sums[first] = (sums[first] as number) ^ symbol;
  sums[second] = (sums[second] as number) ^ symbol;
  sums[third] = (sums[third] as number) ^ symbol;
}
