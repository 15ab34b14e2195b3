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

  constructor(field: Field) {
    this.#field = field;
  }

  open(rows: number, rowBytes: number): void {
    this.#rowWords = rowBytes / 4;
    const length = rows * this.#rowWords;
    if (this.#words.length >= length) return;
    this.#words = new Uint32Array(length);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#symbols = new Uint16Array(this.#words.buffer);
  }

  close(): void {
    this.#words.fill(0);
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
    for (let index = row * this.#rowWords; index < end; index++) words[index] = times(table, at(words, index));
  }

  inverse(row: number, count: number, used: number, point: number): void {
    const width = this.#rowWords;
    for (let unused = row + used; unused < row + count; unused++) this.clear(unused);
    for (let distance = 1, layer = 0; distance < count; distance *= 2, layer++) {
      for (let start = 0; start < used; start += 2 * distance) {
        const factor = (point + start) >>> layer;
        const x = (row + start) * width;
        const length = distance * width;
        if (factor === 0) addWords(this.#words, x + length, x, length);
        else inverseButterfly(this.#words, x, x + length, length, this.#table(factor, 0));
      }
    }
  }

  inverseInto(sum: number, row: number, count: number, used: number, point: number): void {
    this.inverse(row, count, used, point);
    const width = this.#rowWords;
    addWords(this.#words, sum * width, row * width, count * width);
  }

  forward(row: number, count: number, point: number, needed: Uint8Array): void {
    const width = this.#rowWords;
    for (let distance = count / 2, layer = Math.log2(distance); distance >= 1; distance /= 2, layer--) {
      for (let start = 0; start < count; start += 2 * distance) {
        if (!needed.subarray(start, start + 2 * distance).includes(1)) continue;
        const factor = (point + start) >>> layer;
        const x = (row + start) * width;
        const length = distance * width;
        if (factor === 0) addWords(this.#words, x + length, x, length);
        else forwardButterfly(this.#words, x, x + length, length, this.#table(factor, 0));
      }
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

function times(table: FactorTable, word: number): number {
  return (
    at(table, word & 255) ^
    at(table, 256 + ((word >>> 8) & 255)) ^
    at(table, 512 + ((word >>> 16) & 255)) ^
    at(table, 768 + (word >>> 24))
  );
}

function addWords(words: Uint32Array, to: number, from: number, length: number): void {
  for (let index = 0; index < length; index++) words[to + index] = at(words, to + index) ^ at(words, from + index);
}

function addProduct(words: Uint32Array, to: number, from: number, length: number, table: FactorTable): void {
  for (let index = 0; index < length; index++) {
    words[to + index] = at(words, to + index) ^ times(table, at(words, from + index));
  }
}

function inverseButterfly(words: Uint32Array, x: number, y: number, length: number, table: FactorTable): void {
  for (let index = 0; index < length; index++) {
    const a = at(words, x + index);
    const b = at(words, y + index) ^ a;
    words[y + index] = b;
    words[x + index] = a ^ times(table, b);
  }
}

function forwardButterfly(words: Uint32Array, x: number, y: number, length: number, table: FactorTable): void {
  for (let index = 0; index < length; index++) {
    const b = at(words, y + index);
    const a = at(words, x + index) ^ times(table, b);
    words[x + index] = a;
    words[y + index] = a ^ b;
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
