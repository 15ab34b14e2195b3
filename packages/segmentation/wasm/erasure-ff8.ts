/**
 * Rows of the 8-bit field: a product of 16 symbols by one factor is two lookups, one for each half of a byte.
 */
import { highNibbles, lookup, nibbleMask } from "./erasure-rows";

/** For each factor its products with 0 to 15, then with 0, 16 to 240: written by the host. */
export const TABLES = memory.data(256 * 32, 64);

// @ts-ignore: decorator
@inline
export function tableOf(factor: u32): usize {
  return TABLES + (<usize>factor << 5);
}

// @ts-ignore: decorator
@inline
function times(low: v128, high: v128, mask: v128, y: v128): v128 {
  return v128.xor(lookup(low, v128.and(y, mask)), lookup(high, highNibbles(y, mask)));
}

/** Two layers at once on the rows at x0, x0 + step, x0 + 2 step and x0 + 3 step. */
export function inverse4(x0: usize, step: usize, width: usize, f01: u32, f23: u32, f02: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01), t23 = tableOf(f23), t02 = tableOf(f02);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  const l23 = v128.load(t23), h23 = v128.load(t23, 16);
  const l02 = v128.load(t02), h02 = v128.load(t02, 16);
  let x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    let a = v128.load(x0), b = v128.load(x1), c = v128.load(x2), d = v128.load(x3);
    b = v128.xor(b, a);
    d = v128.xor(d, c);
    let low = v128.and(b, mask), high = highNibbles(b, mask);
    a = v128.xor(v128.xor(a, lookup(l01, low)), lookup(h01, high));
    const low3 = v128.and(d, mask), high3 = highNibbles(d, mask);
    c = v128.xor(v128.xor(c, a), v128.xor(lookup(l23, low3), lookup(h23, high3)));
    d = v128.xor(d, b);
    // The nibbles of a sum are the sums of the nibbles.
    low = v128.xor(low, low3), high = v128.xor(high, high3);
    v128.store(x3, d);
    v128.store(x2, c);
    v128.store(x1, v128.xor(b, v128.xor(lookup(l02, low), lookup(h02, high))));
    v128.store(x0, v128.xor(a, times(l02, h02, mask, c)));
  }
}

/** The same, added to the rows at `into`; the rows themselves are left as they are. */
export function inverse4Into(x0: usize, step: usize, width: usize, f01: u32, f23: u32, f02: u32, into: usize): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01), t23 = tableOf(f23), t02 = tableOf(f02);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  const l23 = v128.load(t23), h23 = v128.load(t23, 16);
  const l02 = v128.load(t02), h02 = v128.load(t02, 16);
  let x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
  let s0 = into, s1 = s0 + step, s2 = s1 + step, s3 = s2 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16, s0 += 16, s1 += 16, s2 += 16, s3 += 16) {
    let a = v128.load(x0), b = v128.load(x1), c = v128.load(x2), d = v128.load(x3);
    b = v128.xor(b, a);
    d = v128.xor(d, c);
    let low = v128.and(b, mask), high = highNibbles(b, mask);
    a = v128.xor(v128.xor(a, lookup(l01, low)), lookup(h01, high));
    const low3 = v128.and(d, mask), high3 = highNibbles(d, mask);
    c = v128.xor(v128.xor(c, a), v128.xor(lookup(l23, low3), lookup(h23, high3)));
    d = v128.xor(d, b);
    low = v128.xor(low, low3), high = v128.xor(high, high3);
    v128.store(s3, v128.xor(v128.load(s3), d));
    v128.store(s2, v128.xor(v128.load(s2), c));
    b = v128.xor(b, v128.load(s1));
    a = v128.xor(a, v128.load(s0));
    v128.store(s1, v128.xor(b, v128.xor(lookup(l02, low), lookup(h02, high))));
    v128.store(s0, v128.xor(a, times(l02, h02, mask, c)));
  }
}

export function inverse2(x0: usize, step: usize, width: usize, f01: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  let x1 = x0 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16) {
    const a = v128.load(x0), b = v128.xor(a, v128.load(x1));
    v128.store(x1, b);
    v128.store(x0, v128.xor(a, times(l01, h01, mask, b)));
  }
}

export function inverse2Into(x0: usize, step: usize, width: usize, f01: u32, into: usize): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  let x1 = x0 + step, s0 = into, s1 = into + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16, s0 += 16, s1 += 16) {
    const a = v128.load(x0), b = v128.xor(a, v128.load(x1));
    v128.store(s1, v128.xor(v128.load(s1), b));
    v128.store(s0, v128.xor(v128.load(s0), v128.xor(a, times(l01, h01, mask, b))));
  }
}

export function forward4(x0: usize, step: usize, width: usize, f01: u32, f23: u32, f02: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01), t23 = tableOf(f23), t02 = tableOf(f02);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  const l23 = v128.load(t23), h23 = v128.load(t23, 16);
  const l02 = v128.load(t02), h02 = v128.load(t02, 16);
  let x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    let a = v128.load(x0), b = v128.load(x1), c = v128.load(x2), d = v128.load(x3);
    a = v128.xor(a, times(l02, h02, mask, c));
    b = v128.xor(b, times(l02, h02, mask, d));
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    a = v128.xor(a, times(l01, h01, mask, b));
    v128.store(x0, a);
    v128.store(x1, v128.xor(b, a));
    c = v128.xor(c, times(l23, h23, mask, d));
    v128.store(x2, c);
    v128.store(x3, v128.xor(d, c));
  }
}

/** Where f01 and f02 are zero. */
export function forward4First(x0: usize, step: usize, width: usize, f23: u32): void {
  const mask = nibbleMask();
  const t23 = tableOf(f23);
  const l23 = v128.load(t23), h23 = v128.load(t23, 16);
  let x1 = x0 + step, x2 = x1 + step, x3 = x2 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    const a = v128.load(x0), b = v128.load(x1), d = v128.xor(b, v128.load(x3));
    const c = v128.xor(v128.xor(a, v128.load(x2)), times(l23, h23, mask, d));
    v128.store(x1, v128.xor(b, a));
    v128.store(x2, c);
    v128.store(x3, v128.xor(d, c));
  }
}

export function forward2(x0: usize, step: usize, width: usize, f01: u32): void {
  const mask = nibbleMask();
  const t01 = tableOf(f01);
  const l01 = v128.load(t01), h01 = v128.load(t01, 16);
  let x1 = x0 + step;
  for (const end = x0 + width; x0 < end; x0 += 16, x1 += 16) {
    const b = v128.load(x1), a = v128.xor(v128.load(x0), times(l01, h01, mask, b));
    v128.store(x0, a);
    v128.store(x1, v128.xor(b, a));
  }
}

export function scale(x0: usize, width: usize, factor: u32): void {
  const mask = nibbleMask();
  const table = tableOf(factor);
  const low = v128.load(table), high = v128.load(table, 16);
  for (const end = x0 + width; x0 < end; x0 += 16) v128.store(x0, times(low, high, mask, v128.load(x0)));
}

/** The tables of `outputs` × `inputs` factors in the order in which `productRows` wants them: input by input. */
// @ts-ignore: decorator
@inline
function gatherTables(to: usize, factors: usize, outputs: u32, inputs: u32): void {
  for (let input: u32 = 0; input < inputs; input++) {
    for (let output: u32 = 0; output < outputs; output++) {
      const table = tableOf(load<u16>(factors + ((output * inputs + input) << 1)));
      v128.store(to, v128.load(table));
      v128.store(to, v128.load(table, 16), 16);
      to += 32;
    }
  }
}

// @ts-ignore: decorator
@inline
function addTimes(x: v128, table: usize, low: v128, high: v128): v128 {
  return v128.xor(v128.xor(x, lookup(v128.load(table), low)), lookup(v128.load(table, 16), high));
}

/** Adds the products of all inputs to 1 to 4 outputs, of which it keeps 32 bytes each in registers. */
// @ts-ignore: decorator
@inline
function productRows(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize, tables: usize): void {
  const mask = nibbleMask();
  const to1 = to + stride, to2 = to1 + stride, to3 = to2 + stride;
  const size: usize = outputs << 5;
  const last = tables + inputs * size;
  for (let i: usize = 0; i < width; i += 32) {
    let a0 = v128.load(to + i), b0 = v128.load(to + i, 16);
    let a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0;
    if (outputs > 1) (a1 = v128.load(to1 + i)), (b1 = v128.load(to1 + i, 16));
    if (outputs > 2) (a2 = v128.load(to2 + i)), (b2 = v128.load(to2 + i, 16));
    if (outputs > 3) (a3 = v128.load(to3 + i)), (b3 = v128.load(to3 + i, 16));
    let row = from + i;
    for (let table = tables; table < last; table += size, row += stride) {
      const a = v128.load(row), b = v128.load(row, 16);
      let low = v128.and(a, mask), high = highNibbles(a, mask);
      a0 = addTimes(a0, table, low, high);
      if (outputs > 1) a1 = addTimes(a1, table + 32, low, high);
      if (outputs > 2) a2 = addTimes(a2, table + 64, low, high);
      if (outputs > 3) a3 = addTimes(a3, table + 96, low, high);
      low = v128.and(b, mask), high = highNibbles(b, mask);
      b0 = addTimes(b0, table, low, high);
      if (outputs > 1) b1 = addTimes(b1, table + 32, low, high);
      if (outputs > 2) b2 = addTimes(b2, table + 64, low, high);
      if (outputs > 3) b3 = addTimes(b3, table + 96, low, high);
    }
    v128.store(to + i, a0), v128.store(to + i, b0, 16);
    if (outputs > 1) v128.store(to1 + i, a1), v128.store(to1 + i, b1, 16);
    if (outputs > 2) v128.store(to2 + i, a2), v128.store(to2 + i, b2, 16);
    if (outputs > 3) v128.store(to3 + i, a3), v128.store(to3 + i, b3, 16);
  }
}

export function product(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize, factors: usize, scratch: usize): void {
  gatherTables(scratch, factors, outputs, inputs);
  if (outputs == 4) productRows(to, 4, from, inputs, stride, width, scratch);
  else if (outputs == 3) productRows(to, 3, from, inputs, stride, width, scratch);
  else if (outputs == 2) productRows(to, 2, from, inputs, stride, width, scratch);
  else productRows(to, 1, from, inputs, stride, width, scratch);
}
