/**
 * Many unpredictable numbers from few unpredictable bytes. Not for keys: nobody sees these numbers.
 * @module
 */

import type { Field } from "../erasure/field.ts";

/** The next number, 0 to 2^32 - 1. */
export type Draw = () => number;

/** xoshiro128**. @param seed - 16 bytes */
export function drawFrom(seed: Uint8Array): Draw {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let a = view.getUint32(0, true);
  let b = view.getUint32(4, true);
  let c = view.getUint32(8, true);
  // It would stay at zero for ever.
  let d = view.getUint32(12, true) | 1;
  return () => {
    const drawn = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return drawn;
  };
}

export function randomRow(field: Field, length: number, draw: Draw): Uint16Array {
  return Uint16Array.from({ length }, () => draw() >>> (32 - field.bits));
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
