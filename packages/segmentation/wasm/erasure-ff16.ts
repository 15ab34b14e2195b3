/**
 * Rows of the 16-bit field: of each 64 bytes the first half are low bytes, the second half the high bytes. A product
 * of 16 symbols by one factor is eight lookups, two for each of the four nibbles.
 */
import { highNibbles, lookup, nibbleMask } from "./erasure-rows";

/**
 * A table of a factor f: the low bytes of f times 0 to 15, times 0, 16 to 240, and so on for each nibble; then the
 * high bytes. It is linear in f, so tables of the 256 low and of the 256 high bytes make all: written by the host.
 */
export const TABLES = memory.data(512 * 128, 64);
const SCRATCH = memory.data(3 * 128, 64);

/** @param slot - 0 to 2: where a table is made that is not there as it is */
// @ts-ignore: decorator
@inline
function tableOf(factor: u32, slot: usize): usize {
  const low = TABLES + (<usize>(factor & 255) << 7);
  if (factor < 256) return low;
  const made = SCRATCH + (slot << 7);
  sumTables(made, low, TABLES + (256 << 7) + (<usize>(factor >> 8) << 7));
  return made;
}

export function sumTables(to: usize, a: usize, b: usize): void {
  v128.store(to, v128.xor(v128.load(a), v128.load(b)));
  v128.store(to, v128.xor(v128.load(a, 16), v128.load(b, 16)), 16);
  v128.store(to, v128.xor(v128.load(a, 32), v128.load(b, 32)), 32);
  v128.store(to, v128.xor(v128.load(a, 48), v128.load(b, 48)), 48);
  v128.store(to, v128.xor(v128.load(a, 64), v128.load(b, 64)), 64);
  v128.store(to, v128.xor(v128.load(a, 80), v128.load(b, 80)), 80);
  v128.store(to, v128.xor(v128.load(a, 96), v128.load(b, 96)), 96);
  v128.store(to, v128.xor(v128.load(a, 112), v128.load(b, 112)), 112);
}

/** Low bytes of the products, added to x. */
// @ts-ignore: decorator
@inline
function addLow(x: v128, table: usize, n0: v128, n1: v128, n2: v128, n3: v128): v128 {
  return v128.xor(
    v128.xor(x, v128.xor(lookup(v128.load(table), n0), lookup(v128.load(table, 16), n1))),
    v128.xor(lookup(v128.load(table, 32), n2), lookup(v128.load(table, 48), n3)),
  );
}

/** High bytes. A factor below 256 is in the subfield of the low bytes: what it makes of n0 and n1 has no high byte. */
// @ts-ignore: decorator
@inline
function addHigh(x: v128, table: usize, n0: v128, n1: v128, n2: v128, n3: v128, small: bool): v128 {
  const high = v128.xor(lookup(v128.load(table, 96), n2), lookup(v128.load(table, 112), n3));
  if (small) return v128.xor(x, high);
  return v128.xor(v128.xor(x, high), v128.xor(lookup(v128.load(table, 64), n0), lookup(v128.load(table, 80), n1)));
}

// @ts-ignore: decorator
@inline
function inverse4Rows(
  x: usize, step: usize, stride: usize, width: usize, t01: usize, t23: usize, t02: usize, into: usize, adding: bool, small: bool,
): void {
  const mask = nibbleMask();
  for (const last = x + step; x < last; x += stride, into += stride) {
    let x0 = x, x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
    let s0 = adding ? into : x0;
    let s1 = adding ? s0 + step : x1, s2 = adding ? s1 + step : x2, s3 = adding ? s2 + step : x3;
    for (const end = x0 + width; x0 < end; ) {
      let aL = v128.load(x0), aH = v128.load(x0, 32), bL = v128.xor(aL, v128.load(x1)), bH = v128.xor(aH, v128.load(x1, 32));
      let n0 = v128.and(bL, mask), n1 = highNibbles(bL, mask), n2 = v128.and(bH, mask), n3 = highNibbles(bH, mask);
      aL = addLow(aL, t01, n0, n1, n2, n3);
      aH = addHigh(aH, t01, n0, n1, n2, n3, small);
      let cL = v128.load(x2), cH = v128.load(x2, 32), dL = v128.xor(cL, v128.load(x3)), dH = v128.xor(cH, v128.load(x3, 32));
      n0 = v128.and(dL, mask), n1 = highNibbles(dL, mask), n2 = v128.and(dH, mask), n3 = highNibbles(dH, mask);
      cL = addLow(cL, t23, n0, n1, n2, n3);
      cH = addHigh(cH, t23, n0, n1, n2, n3, small);
      cL = v128.xor(cL, aL);
      cH = v128.xor(cH, aH);
      dL = v128.xor(dL, bL);
      dH = v128.xor(dH, bH);
      n0 = v128.and(cL, mask), n1 = highNibbles(cL, mask), n2 = v128.and(cH, mask), n3 = highNibbles(cH, mask);
      aL = addLow(aL, t02, n0, n1, n2, n3);
      aH = addHigh(aH, t02, n0, n1, n2, n3, small);
      if (adding) {
        v128.store(s0, v128.xor(v128.load(s0), aL));
        v128.store(s0, v128.xor(v128.load(s0, 32), aH), 32);
        v128.store(s2, v128.xor(v128.load(s2), cL));
        v128.store(s2, v128.xor(v128.load(s2, 32), cH), 32);
      } else {
        v128.store(x0, aL);
        v128.store(x0, aH, 32);
        v128.store(x2, cL);
        v128.store(x2, cH, 32);
      }
      n0 = v128.and(dL, mask), n1 = highNibbles(dL, mask), n2 = v128.and(dH, mask), n3 = highNibbles(dH, mask);
      bL = addLow(bL, t02, n0, n1, n2, n3);
      bH = addHigh(bH, t02, n0, n1, n2, n3, small);
      if (adding) {
        v128.store(s1, v128.xor(v128.load(s1), bL));
        v128.store(s1, v128.xor(v128.load(s1, 32), bH), 32);
        v128.store(s3, v128.xor(v128.load(s3), dL));
        v128.store(s3, v128.xor(v128.load(s3, 32), dH), 32);
      } else {
        v128.store(x1, bL);
        v128.store(x1, bH, 32);
        v128.store(x3, dL);
        v128.store(x3, dH, 32);
      }
      // The two halves of 32 symbols, then the next block.
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
      x2 += next;
      x3 += next;
      if (adding) {
        s0 += next;
        s1 += next;
        s2 += next;
        s3 += next;
      }
    }
  }
}

export function inverse4(x: usize, step: usize, stride: usize, width: usize, f01: u32, f23: u32, f02: u32): void {
  const t01 = tableOf(f01, 0), t23 = tableOf(f23, 1), t02 = tableOf(f02, 2);
  if ((f01 | f23 | f02) < 256) inverse4Rows(x, step, stride, width, t01, t23, t02, 0, false, true);
  else inverse4Rows(x, step, stride, width, t01, t23, t02, 0, false, false);
}

export function inverse4Into(x: usize, step: usize, stride: usize, width: usize, f01: u32, f23: u32, f02: u32, into: usize): void {
  const t01 = tableOf(f01, 0), t23 = tableOf(f23, 1), t02 = tableOf(f02, 2);
  if ((f01 | f23 | f02) < 256) inverse4Rows(x, step, stride, width, t01, t23, t02, into, true, true);
  else inverse4Rows(x, step, stride, width, t01, t23, t02, into, true, false);
}

export function inverse2(x: usize, step: usize, stride: usize, width: usize, f01: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01, 0);
  for (const last = x + step; x < last; x += stride) {
    let x0 = x, x1 = x0 + step;
    for (const end = x0 + width; x0 < end; ) {
      const aL = v128.load(x0), aH = v128.load(x0, 32), bL = v128.xor(aL, v128.load(x1)), bH = v128.xor(aH, v128.load(x1, 32));
      v128.store(x1, bL);
      v128.store(x1, bH, 32);
      const n0 = v128.and(bL, mask), n1 = highNibbles(bL, mask), n2 = v128.and(bH, mask), n3 = highNibbles(bH, mask);
      v128.store(x0, addLow(aL, t01, n0, n1, n2, n3));
      v128.store(x0, addHigh(aH, t01, n0, n1, n2, n3, false), 32);
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
    }
  }
}

export function inverse2Into(x: usize, step: usize, stride: usize, width: usize, f01: u32, into: usize): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01, 0);
  for (const last = x + step; x < last; x += stride, into += stride) {
    let x0 = x, x1 = x0 + step, s0 = into, s1 = into + step;
    for (const end = x0 + width; x0 < end; ) {
      const aL = v128.load(x0), aH = v128.load(x0, 32), bL = v128.xor(aL, v128.load(x1)), bH = v128.xor(aH, v128.load(x1, 32));
      v128.store(s1, v128.xor(v128.load(s1), bL));
      v128.store(s1, v128.xor(v128.load(s1, 32), bH), 32);
      const n0 = v128.and(bL, mask), n1 = highNibbles(bL, mask), n2 = v128.and(bH, mask), n3 = highNibbles(bH, mask);
      v128.store(s0, v128.xor(v128.load(s0), addLow(aL, t01, n0, n1, n2, n3)));
      v128.store(s0, v128.xor(v128.load(s0, 32), addHigh(aH, t01, n0, n1, n2, n3, false)), 32);
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
      s0 += next;
      s1 += next;
    }
  }
}

// @ts-ignore: decorator
@inline
function forward4Rows(x: usize, step: usize, stride: usize, width: usize, t01: usize, t23: usize, t02: usize, small: bool): void {
  const mask = nibbleMask();
  for (const last = x + step; x < last; x += stride) {
    let x0 = x, x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
    for (const end = x0 + width; x0 < end; ) {
      let dL = v128.load(x3), dH = v128.load(x3, 32);
      let n0 = v128.and(dL, mask), n1 = highNibbles(dL, mask), n2 = v128.and(dH, mask), n3 = highNibbles(dH, mask);
      let bL = addLow(v128.load(x1), t02, n0, n1, n2, n3), bH = addHigh(v128.load(x1, 32), t02, n0, n1, n2, n3, small);
      let cL = v128.load(x2), cH = v128.load(x2, 32);
      n0 = v128.and(cL, mask), n1 = highNibbles(cL, mask), n2 = v128.and(cH, mask), n3 = highNibbles(cH, mask);
      let aL = addLow(v128.load(x0), t02, n0, n1, n2, n3), aH = addHigh(v128.load(x0, 32), t02, n0, n1, n2, n3, small);
      cL = v128.xor(cL, aL);
      cH = v128.xor(cH, aH);
      dL = v128.xor(dL, bL);
      dH = v128.xor(dH, bH);
      n0 = v128.and(bL, mask), n1 = highNibbles(bL, mask), n2 = v128.and(bH, mask), n3 = highNibbles(bH, mask);
      aL = addLow(aL, t01, n0, n1, n2, n3);
      aH = addHigh(aH, t01, n0, n1, n2, n3, small);
      v128.store(x0, aL);
      v128.store(x0, aH, 32);
      v128.store(x1, v128.xor(bL, aL));
      v128.store(x1, v128.xor(bH, aH), 32);
      n0 = v128.and(dL, mask), n1 = highNibbles(dL, mask), n2 = v128.and(dH, mask), n3 = highNibbles(dH, mask);
      cL = addLow(cL, t23, n0, n1, n2, n3);
      cH = addHigh(cH, t23, n0, n1, n2, n3, small);
      v128.store(x2, cL);
      v128.store(x2, cH, 32);
      v128.store(x3, v128.xor(dL, cL));
      v128.store(x3, v128.xor(dH, cH), 32);
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
      x2 += next;
      x3 += next;
    }
  }
}

export function forward4(x: usize, step: usize, stride: usize, width: usize, f01: u32, f23: u32, f02: u32): void {
  const t01 = tableOf(f01, 0), t23 = tableOf(f23, 1), t02 = tableOf(f02, 2);
  if ((f01 | f23 | f02) < 256) forward4Rows(x, step, stride, width, t01, t23, t02, true);
  else forward4Rows(x, step, stride, width, t01, t23, t02, false);
}

/** Where f01 and f02 are zero, f23 is 2. */
export function forward4First(x: usize, step: usize, stride: usize, width: usize, f23: u32): void {
  const mask = nibbleMask();
  const t23 = tableOf(f23, 0);
  for (const last = x + step; x < last; x += stride) {
    let x0 = x, x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
    for (const end = x0 + width; x0 < end; ) {
      const aL = v128.load(x0), aH = v128.load(x0, 32), bL = v128.load(x1), bH = v128.load(x1, 32);
      const dL = v128.xor(bL, v128.load(x3)), dH = v128.xor(bH, v128.load(x3, 32));
      v128.store(x1, v128.xor(bL, aL));
      v128.store(x1, v128.xor(bH, aH), 32);
      const n0 = v128.and(dL, mask), n1 = highNibbles(dL, mask), n2 = v128.and(dH, mask), n3 = highNibbles(dH, mask);
      const cL = addLow(v128.xor(aL, v128.load(x2)), t23, n0, n1, n2, n3);
      const cH = addHigh(v128.xor(aH, v128.load(x2, 32)), t23, n0, n1, n2, n3, true);
      v128.store(x2, cL);
      v128.store(x2, cH, 32);
      v128.store(x3, v128.xor(dL, cL));
      v128.store(x3, v128.xor(dH, cH), 32);
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
      x2 += next;
      x3 += next;
    }
  }
}

export function forward2(x: usize, step: usize, stride: usize, width: usize, f01: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01, 0);
  for (const last = x + step; x < last; x += stride) {
    let x0 = x, x1 = x0 + step;
    for (const end = x0 + width; x0 < end; ) {
      const bL = v128.load(x1), bH = v128.load(x1, 32);
      const n0 = v128.and(bL, mask), n1 = highNibbles(bL, mask), n2 = v128.and(bH, mask), n3 = highNibbles(bH, mask);
      const aL = addLow(v128.load(x0), t01, n0, n1, n2, n3), aH = addHigh(v128.load(x0, 32), t01, n0, n1, n2, n3, false);
      v128.store(x0, aL);
      v128.store(x0, aH, 32);
      v128.store(x1, v128.xor(bL, aL));
      v128.store(x1, v128.xor(bH, aH), 32);
      const next = 16 + ((x0 & 16) << 1);
      x0 += next;
      x1 += next;
    }
  }
}

export function scale(x0: usize, width: usize, factor: u32): void {
  const mask = nibbleMask();
  const table = tableOf(factor, 0);
  const zero = i8x16.splat(0);
  for (const end = x0 + width; x0 < end; ) {
    const yL = v128.load(x0), yH = v128.load(x0, 32);
    const n0 = v128.and(yL, mask), n1 = highNibbles(yL, mask), n2 = v128.and(yH, mask), n3 = highNibbles(yH, mask);
    v128.store(x0, addLow(zero, table, n0, n1, n2, n3));
    v128.store(x0, addHigh(zero, table, n0, n1, n2, n3, false), 32);
    x0 += 16 + ((x0 & 16) << 1);
  }
}

// @ts-ignore: decorator
@inline
function gatherTables(to: usize, factors: usize, outputs: u32, inputs: u32): void {
  for (let input: u32 = 0; input < inputs; input++) {
    for (let output: u32 = 0; output < outputs; output++) {
      const factor: u32 = load<u16>(factors + ((output * inputs + input) << 1));
      sumTables(to, TABLES + (<usize>(factor & 255) << 7), TABLES + (256 << 7) + (<usize>(factor >> 8) << 7));
      to += 128;
    }
  }
}

/** Adds the products of all inputs to 1 to 4 outputs, of which it keeps 16 symbols each in registers. */
// @ts-ignore: decorator
@inline
function productRows(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize, tables: usize): void {
  const mask = nibbleMask();
  const to1 = to + stride, to2 = to1 + stride, to3 = to2 + stride;
  const size: usize = outputs << 7;
  const last = tables + inputs * size;
  for (let i: usize = 0; i < width; i += 16 + ((i & 16) << 1)) {
    let a0 = v128.load(to + i), b0 = v128.load(to + i, 32);
    let a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0;
    if (outputs > 1) (a1 = v128.load(to1 + i)), (b1 = v128.load(to1 + i, 32));
    if (outputs > 2) (a2 = v128.load(to2 + i)), (b2 = v128.load(to2 + i, 32));
    if (outputs > 3) (a3 = v128.load(to3 + i)), (b3 = v128.load(to3 + i, 32));
    let row = from + i;
    for (let table = tables; table < last; table += size, row += stride) {
      const low = v128.load(row), high = v128.load(row, 32);
      const n0 = v128.and(low, mask), n1 = highNibbles(low, mask), n2 = v128.and(high, mask), n3 = highNibbles(high, mask);
      a0 = addLow(a0, table, n0, n1, n2, n3);
      b0 = addHigh(b0, table, n0, n1, n2, n3, false);
      if (outputs > 1) a1 = addLow(a1, table + 128, n0, n1, n2, n3);
      if (outputs > 1) b1 = addHigh(b1, table + 128, n0, n1, n2, n3, false);
      if (outputs > 2) a2 = addLow(a2, table + 256, n0, n1, n2, n3);
      if (outputs > 2) b2 = addHigh(b2, table + 256, n0, n1, n2, n3, false);
      if (outputs > 3) a3 = addLow(a3, table + 384, n0, n1, n2, n3);
      if (outputs > 3) b3 = addHigh(b3, table + 384, n0, n1, n2, n3, false);
    }
    v128.store(to + i, a0), v128.store(to + i, b0, 32);
    if (outputs > 1) v128.store(to1 + i, a1), v128.store(to1 + i, b1, 32);
    if (outputs > 2) v128.store(to2 + i, a2), v128.store(to2 + i, b2, 32);
    if (outputs > 3) v128.store(to3 + i, a3), v128.store(to3 + i, b3, 32);
  }
}

export function product(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize, factors: usize, scratch: usize): void {
  gatherTables(scratch, factors, outputs, inputs);
  if (outputs == 4) productRows(to, 4, from, inputs, stride, width, scratch);
  else if (outputs == 3) productRows(to, 3, from, inputs, stride, width, scratch);
  else if (outputs == 2) productRows(to, 2, from, inputs, stride, width, scratch);
  else productRows(to, 1, from, inputs, stride, width, scratch);
}
