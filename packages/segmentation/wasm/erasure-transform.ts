/**
 * The order of the butterflies, for both fields (`T` is the type of a symbol). Two layers at a time are done on four
 * rows in registers; the factor between rows r and r + d is (point + r) / d.
 */
import * as ff8 from "./erasure-ff8";
import * as ff16 from "./erasure-ff16";

/** @param into - 0, or rows that the result is added to */
export function inverse<T>(x: usize, stride: usize, width: usize, count: u32, used: u32, point: u32, into: usize): void {
  // All but the last one or two layers, in place.
  const last: u32 = ctz(count) & 1 ? count >> 1 : count >> 2;
  let distance: u32 = 1, layer: u32 = 0;
  for (; distance < last; distance <<= 2, layer += 2) {
    const step = <usize>distance * stride;
    for (let start: u32 = 0; start < used; start += distance << 2) {
      const at = point + start;
      const f01 = at >> layer, f23 = (at + (distance << 1)) >> layer, f02 = at >> (layer + 1);
      let row = x + <usize>start * stride;
      if (sizeof<T>() == 1) {
        for (const end = row + step; row < end; row += stride) ff8.inverse4(row, step, width, f01, f23, f02);
      } else {
        ff16.inverse4(row, step, stride, width, f01, f23, f02);
      }
    }
  }
  const step = <usize>distance * stride;
  const end = x + step;
  const f01 = point >> layer;
  if (distance << 1 == count) {
    if (sizeof<T>() == 1) {
      if (into) for (; x < end; x += stride, into += stride) ff8.inverse2Into(x, step, width, f01, into);
      else for (; x < end; x += stride) ff8.inverse2(x, step, width, f01);
    } else {
      if (into) ff16.inverse2Into(x, step, stride, width, f01, into);
      else ff16.inverse2(x, step, stride, width, f01);
    }
    return;
  }
  const f23 = (point + (distance << 1)) >> layer, f02 = point >> (layer + 1);
  if (sizeof<T>() == 1) {
    if (into) for (; x < end; x += stride, into += stride) ff8.inverse4Into(x, step, width, f01, f23, f02, into);
    else for (; x < end; x += stride) ff8.inverse4(x, step, width, f01, f23, f02);
  } else {
    if (into) ff16.inverse4Into(x, step, stride, width, f01, f23, f02, into);
    else ff16.inverse4(x, step, stride, width, f01, f23, f02);
  }
}

/** @param needed - a byte for each row: not 0 where its value is wanted */
export function forward<T>(x: usize, stride: usize, width: usize, count: u32, point: u32, needed: usize): void {
  let layer = ctz(count);
  let distance = count;
  for (; distance >= 4; ) {
    distance >>= 2;
    layer -= 2;
    const step = <usize>distance * stride;
    for (let start: u32 = 0; start < count; start += distance << 2) {
      if (!isAnyNeeded(needed + start, distance << 2)) continue;
      const at = point + start;
      const f01 = at >> layer, f23 = (at + (distance << 1)) >> layer, f02 = at >> (layer + 1);
      let row = x + <usize>start * stride;
      if (sizeof<T>() == 1) {
        const end = row + step;
        if (f01 | f02) for (; row < end; row += stride) ff8.forward4(row, step, width, f01, f23, f02);
        else for (; row < end; row += stride) ff8.forward4First(row, step, width, f23);
      } else {
        if (f01 | f02) ff16.forward4(row, step, stride, width, f01, f23, f02);
        else ff16.forward4First(row, step, stride, width, f23);
      }
    }
  }
  if (distance == 1) return;
  for (let start: u32 = 0; start < count; start += 2) {
    if (!isAnyNeeded(needed + start, 2)) continue;
    const row = x + <usize>start * stride;
    if (sizeof<T>() == 1) ff8.forward2(row, stride, width, point + start);
    else ff16.forward2(row, stride, stride, width, point + start);
  }
}

function isAnyNeeded(needed: usize, count: u32): bool {
  for (const end = needed + count; needed < end; needed++) if (load<u8>(needed)) return true;
  return false;
}
