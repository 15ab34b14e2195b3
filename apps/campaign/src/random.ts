/**
 * Random numbers that a seed repeats: xoshiro128** (Blackman and Vigna). Not for secrets.
 * @module
 */

export class Random {
  // Four fields and not an array: this is the innermost loop of every campaign.
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Different pairs of seed and stream give different numbers, also where the pairs are neighbours. */
  constructor(seed: number, stream: number) {
    this.#a = mix(seed);
    this.#b = mix(this.#a + stream);
    this.#c = mix(this.#b + 1);
    this.#d = mix(this.#c + 1);
    for (let skipped = 0; skipped < 8; skipped += 1) this.word();
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    const multiplied = Math.imul(this.#b, 5);
    const result = Math.imul((multiplied << 7) | (multiplied >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A whole number from 0 to `bound - 1`; `bound` at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.word() / 2 ** 32) * bound);
  }

  /** A whole number, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** Small numbers are as likely as large ones: every length in bits from `first` to `last` has the same chance. */
  spread(first: number, last: number): number {
    const scale = Math.log(last - first + 1);
    return Math.min(last, first + Math.floor(Math.exp((this.word() / 2 ** 32) * scale)) - 1);
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  /** @throws RangeError if there are none */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("items: want at least one, got none");
    return items[this.below(items.length)] as T;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const word = this.word();
      bytes[at] = word;
      bytes[at + 1] = word >>> 8;
      bytes[at + 2] = word >>> 16;
      bytes[at + 3] = word >>> 24;
    }
    for (; at < length; at += 1) bytes[at] = this.word();
    return bytes;
  }

  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      const [a, b] = [items[last], items[other]];
      if (a === undefined || b === undefined) continue;
      items[last] = b;
      items[other] = a;
    }
    return items;
  }
}

/** A permutation of the 32-bit integers (splitmix32). */
function mix(value: number): number {
  const word = (value + 0x9e37_79b9) | 0;
  let bits = Math.imul(word ^ (word >>> 16), 0x21f0_aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a_2d97);
  return bits ^ (bits >>> 15);
}
