/**
 * Rows in plain JavaScript, for runtimes that have no WebAssembly SIMD or forbid it.
 *
 * A word of 32 bits holds four symbols of the 8-bit field or two of the 16-bit field, and a multiplication by a fixed
 * factor is linear, so for both it is four lookups in a table of 4 × 256 words.
 * @module
 */
import { at, type Field } from "./field.ts";
import type { RowKernel } from "./row-kernel.ts";

/** What a factor makes of each byte of a word. */
type FactorTable = Uint32Array;

export class JsKernel implements RowKernel {
  readonly #field: Field;
  /** Tables of the 8-bit field, by factor: at most 1 MiB. Those of the 16-bit field are made again for each use. */
  readonly #tables: (FactorTable | undefined)[] = [];
  readonly #scratch = [new Uint32Array(1024), new Uint32Array(1024), new Uint32Array(1024)] as const;
  #words = new Uint32Array(0);
  #bytes = new Uint8Array(0);
  #symbols = new Uint16Array(0);
  #rowWords = 0;
  /** Words that were held since the last `close`. */
  #used = 0;

  constructor(field: Field) {
    this.#field = field;
  }

  open(rows: number, rowBytes: number): void {
    this.#rowWords = rowBytes / 4;
    const length = rows * this.#rowWords;
    this.#used = Math.max(this.#used, length);
    if (this.#words.length >= length) return;
    this.#words = new Uint32Array(length);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#symbols = new Uint16Array(this.#words.buffer);
  }

  close(): void {
    this.#words.fill(0, 0, this.#used);
    this.#used = 0;
  }

  get memory(): Uint8Array {
    return this.#bytes;
  }

  load(row: number, shard: Uint8Array, from: number): void {
    const rowBytes = this.#rowWords * 4;
    const start = row * rowBytes;
    if (this.#field.bits === 8) {
      const part = shard.subarray(from, from + rowBytes);
      this.#bytes.set(part, start);
      this.#bytes.fill(0, start + part.length, start + rowBytes);
    } else if (from + rowBytes <= shard.length) {
      gatherSymbols(this.#symbols, start / 2, shard, from, rowBytes);
    } else {
      const padded = new Uint8Array(rowBytes);
      padded.set(shard.subarray(from, from + rowBytes));
      gatherSymbols(this.#symbols, start / 2, padded, 0, rowBytes);
      padded.fill(0);
    }
  }

  store(row: number, shard: Uint8Array, from: number): void {
    const rowBytes = this.#rowWords * 4;
    const start = row * rowBytes;
    const length = Math.min(rowBytes, shard.length - from);
    if (length <= 0) return;
    if (this.#field.bits === 8) {
      shard.set(this.#bytes.subarray(start, start + length), from);
    } else if (length === rowBytes) {
      scatterSymbols(shard, from, this.#symbols, start / 2, rowBytes);
    } else {
      const padded = new Uint8Array(rowBytes);
      scatterSymbols(padded, 0, this.#symbols, start / 2, rowBytes);
      shard.set(padded.subarray(0, length), from);
      padded.fill(0);
    }
  }

  clear(row: number): void {
    this.#words.fill(0, row * this.#rowWords, (row + 1) * this.#rowWords);
  }

  copy(to: number, from: number, count: number): void {
    const width = this.#rowWords;
    this.#words.copyWithin(to * width, from * width, (from + count) * width);
  }

  add(to: number, from: number): void {
    const width = this.#rowWords;
    addWords(this.#words, to * width, from * width, width);
  }

  scale(row: number, factor: number): void {
    const words = this.#words;
    const table = this.#table(factor, 0);
    const end = (row + 1) * this.#rowWords;
    for (let index = row * this.#rowWords; index < end; index++) words[index] = times(table, words[index] as number);
  }

  inverse(row: number, count: number, used: number, point: number): void {
    const width = this.#rowWords;
    for (let unused = row + used; unused < row + count; unused++) this.clear(unused);
    let distance = 1;
    for (let layer = 0; distance * 4 <= count; distance *= 4, layer += 2) {
      for (let start = 0; start < used; start += 4 * distance) {
        const first = point + start;
        const t01 = this.#table(first >>> layer, 0);
        const t23 = this.#table((first + 2 * distance) >>> layer, 1);
        const t02 = this.#table(first >>> (layer + 1), 2);
        inverse4(this.#words, (row + start) * width, distance * width, t01, t23, t02);
      }
    }
    if (distance === count) return;
    inverse2(this.#words, row * width, distance * width, this.#table(point >>> Math.log2(distance), 0));
  }

  inverseInto(sum: number, row: number, count: number, used: number, point: number): void {
    this.inverse(row, count, used, point);
    const width = this.#rowWords;
    addWords(this.#words, sum * width, row * width, count * width);
  }

  forward(row: number, count: number, point: number, needed: Uint8Array): void {
    const width = this.#rowWords;
    let distance = count;
    for (let layer = Math.log2(count) - 2; distance >= 4; layer -= 2) {
      distance /= 4;
      for (let start = 0; start < count; start += 4 * distance) {
        if (!needed.subarray(start, start + 4 * distance).includes(1)) continue;
        const first = point + start;
        const t01 = this.#table(first >>> layer, 0);
        const t23 = this.#table((first + 2 * distance) >>> layer, 1);
        const t02 = this.#table(first >>> (layer + 1), 2);
        forward4(this.#words, (row + start) * width, distance * width, t01, t23, t02);
      }
    }
    if (distance === 1) return;
    for (let start = 0; start < count; start += 2) {
      if (!needed.subarray(start, start + 2).includes(1)) continue;
      forward2(this.#words, (row + start) * width, width, this.#table(point + start, 0));
    }
  }

  product(to: number, outputs: number, from: number, inputs: number, factors: Uint16Array): void {
    const width = this.#rowWords;
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < inputs; input++) {
        const table = this.#table(at(factors, output * inputs + input), 0);
        addProduct(this.#words, (to + output) * width, (from + input) * width, width, table);
      }
    }
  }

  #table(factor: number, slot: 0 | 1 | 2): FactorTable {
    if (this.#field.bits === 16) return fillTable(this.#scratch[slot], this.#field, factor);
    const known = this.#tables[factor];
    if (known !== undefined) return known;
    const made = fillTable(new Uint32Array(1024), this.#field, factor);
    this.#tables[factor] = made;
    return made;
  }
}

function fillTable(table: FactorTable, field: Field, factor: number): FactorTable {
  for (let place = 0; place < 4; place++) {
    const start = place * 256;
    table[start] = 0;
    for (let bit = 0; bit < 8; bit++) {
      const wordBit = place * 8 + bit;
      const symbolBit = wordBit % field.bits;
      const product = field.multiply(factor, 1 << symbolBit) << (wordBit - symbolBit);
      const half = 1 << bit;
      for (let low = 0; low < half; low++) table[start + half + low] = at(table, start + low) ^ product;
    }
  }
  return table;
}

// Below, elements are read without `at`: a function that has seen several kinds of arrays is slow in all its callers.

function times(table: FactorTable, word: number): number {
  return (
    (table[word & 255] as number) ^
    (table[256 + ((word >>> 8) & 255)] as number) ^
    (table[512 + ((word >>> 16) & 255)] as number) ^
    (table[768 + (word >>> 24)] as number)
  );
}

function addWords(words: Uint32Array, to: number, from: number, length: number): void {
  for (let index = 0; index < length; index++) {
    words[to + index] = (words[to + index] as number) ^ (words[from + index] as number);
  }
}

function addProduct(words: Uint32Array, to: number, from: number, length: number, table: FactorTable): void {
  for (let index = 0; index < length; index++) {
    words[to + index] = (words[to + index] as number) ^ times(table, words[from + index] as number);
  }
}

/** Two layers on the rows at x, x + step, x + 2 step and x + 3 step, of `step` words. */
function inverse4(
  words: Uint32Array,
  x: number,
  step: number,
  t01: FactorTable,
  t23: FactorTable,
  t02: FactorTable,
): void {
  for (let at0 = x; at0 < x + step; at0++) {
    const at1 = at0 + step;
    const at2 = at1 + step;
    const at3 = at2 + step;
    let a = words[at0] as number;
    const b = (words[at1] as number) ^ a;
    let c = words[at2] as number;
    let d = (words[at3] as number) ^ c;
    a ^= times(t01, b);
    c ^= times(t23, d) ^ a;
    d ^= b;
    words[at0] = a ^ times(t02, c);
    words[at1] = b ^ times(t02, d);
    words[at2] = c;
    words[at3] = d;
  }
}

function inverse2(words: Uint32Array, x: number, step: number, table: FactorTable): void {
  for (let at0 = x; at0 < x + step; at0++) {
    const a = words[at0] as number;
    const b = (words[at0 + step] as number) ^ a;
    words[at0] = a ^ times(table, b);
    words[at0 + step] = b;
  }
}

function forward4(
  words: Uint32Array,
  x: number,
  step: number,
  t01: FactorTable,
  t23: FactorTable,
  t02: FactorTable,
): void {
  for (let at0 = x; at0 < x + step; at0++) {
    const at1 = at0 + step;
    const at2 = at1 + step;
    const at3 = at2 + step;
    let c = words[at2] as number;
    let d = words[at3] as number;
    let a = (words[at0] as number) ^ times(t02, c);
    const b = (words[at1] as number) ^ times(t02, d);
    c ^= a;
    d ^= b;
    a ^= times(t01, b);
    c ^= times(t23, d);
    words[at0] = a;
    words[at1] = a ^ b;
    words[at2] = c;
    words[at3] = c ^ d;
  }
}

function forward2(words: Uint32Array, x: number, step: number, table: FactorTable): void {
  for (let at0 = x; at0 < x + step; at0++) {
    const b = words[at0 + step] as number;
    const a = (words[at0] as number) ^ times(table, b);
    words[at0] = a;
    words[at0 + step] = a ^ b;
  }
}

/** 64-byte blocks of 32 low and 32 high bytes to symbols. */
function gatherSymbols(symbols: Uint16Array, to: number, bytes: Uint8Array, from: number, length: number): void {
  for (let block = 0; block < length; block += 64) {
    for (let place = 0; place < 32; place++) {
      const low = from + block + place;
      symbols[to + block / 2 + place] = at(bytes, low) | (at(bytes, low + 32) << 8);
    }
  }
}

function scatterSymbols(bytes: Uint8Array, to: number, symbols: Uint16Array, from: number, length: number): void {
  for (let block = 0; block < length; block += 64) {
    for (let place = 0; place < 32; place++) {
      const symbol = at(symbols, from + block / 2 + place);
      bytes[to + block + place] = symbol;
      bytes[to + block + place + 32] = symbol >>> 8;
    }
  }
}
