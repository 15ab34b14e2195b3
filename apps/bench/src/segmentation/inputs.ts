/**
 * What both sides of a case work on. The same bytes at each run, so that figures of different commits compare.
 * @module
 */

/** Bytes that look random: xorshift with 32 bits. */
export function payloadOf(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let word = 0x9e3779b9;
  for (let i = 0; i < words.length; i += 1) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[i] = word;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** `count` of the numbers below `total`, as far from each other as can be, from 0 on. */
export function spreadOver(total: number, count: number): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, i) => Math.floor((i * total) / count)));
}

/** Cuts without copying. */
export function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
