/**
 * Rows of field elements: adding multiples, and bringing rows into echelon form.
 * @module
 */
import { at, type Field } from "../erasure/field.ts";

/** Products of one factor with every low byte and with every high byte. */
const lowProducts = new Uint16Array(256);
const highProducts = new Uint16Array(256);

/**
 * Adds `factor` times `source` to `target`. Both are whole arrays of one length, not parts of others.
 *
 * @param start - `source` is 0 before it
 */
export function addMultiple(field: Field, target: Uint16Array, source: Uint16Array, factor: number, start = 0): void {
  if (factor === 0) return;
  // Two small tables are quicker than logarithms, which do not fit the first cache. No `at` here: having seen arrays of
  // all kinds, it is slower.
  for (let bit = 0; bit < 8; bit++) {
    const width = 1 << bit;
    const low = field.multiply(factor, width);
    const high = field.bits === 16 ? field.multiply(factor, width << 8) : 0;
    for (let index = 0; index < width; index++) {
      lowProducts[width + index] = (lowProducts[index] as number) ^ low;
      highProducts[width + index] = (highProducts[index] as number) ^ high;
    }
  }
  const product = (symbol: number) =>
    (lowProducts[symbol & 0xff] as number) ^ (highProducts[(symbol >> 8) & 0xff] as number);
  // Two symbols at a time.
  const words = source.length >> 1;
  const from = new Uint32Array(source.buffer, 0, words);
  const to = new Uint32Array(target.buffer, 0, words);
  for (let word = start >> 1; word < words; word++) {
    const pair = from[word] as number;
    to[word] = (to[word] as number) ^ product(pair) ^ (product(pair >>> 16) << 16);
  }
  const last = source.length - 1;
  if (last % 2 === 0) target[last] = at(target, last) ^ product(at(source, last));
}

/** Rows that do not depend on each other. */
export class Echelon {
  readonly #field: Field;
  /** Each has 1 at its pivot, 0 before it, and 0 at the pivots of the rows before it. */
  readonly #rows: Uint16Array[] = [];
  readonly #pivots: number[] = [];

  constructor(field: Field) {
    this.#field = field;
  }

  /** A column for each row, in which that row alone cannot be spared. */
  get pivots(): readonly number[] {
    return this.#pivots;
  }

  /** Takes multiples of the rows from `row`, until it is 0 at every pivot. */
  reduce(row: Uint16Array): void {
    for (const [index, basis] of this.#rows.entries()) {
      const pivot = this.#pivots[index] ?? 0;
      addMultiple(this.#field, row, basis, at(row, pivot), pivot);
    }
  }

  /**
   * Reduces `row` and keeps it, unless nothing of it is left.
   *
   * @param width - columns that count; what follows them is only carried along
   */
  insert(row: Uint16Array, width = row.length): boolean {
    this.reduce(row);
    const pivot = row.subarray(0, width).findIndex((symbol) => symbol !== 0);
    if (pivot < 0) return false;
    const scaled = new Uint16Array(row.length);
    addMultiple(this.#field, scaled, row, this.#field.inverse(at(row, pivot)), pivot);
    this.#rows.push(scaled);
    this.#pivots.push(pivot);
    return true;
  }
}
