/** What is the same for both fields. Widths are multiples of 64, rows start at multiples of 64. */

/** Of a nibble. A load, since a constant would be made again in each round of a loop. */
const MASK = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);

// @ts-ignore: decorator
@inline
export function nibbleMask(): v128 {
  return v128.load(MASK);
}

// @ts-ignore: decorator
@inline
export function lookup(table: v128, index: v128): v128 {
  // Indices are nibbles. Below 16 the relaxed instruction gives the same on every machine.
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, index);
  return i8x16.swizzle(table, index);
}

// @ts-ignore: decorator
@inline
export function highNibbles(y: v128, mask: v128): v128 {
  return v128.and(i16x8.shr_u(y, 4), mask);
}

export function add(to: usize, from: usize, width: usize): void {
  for (const end = to + width; to < end; to += 64, from += 64) {
    v128.store(to, v128.xor(v128.load(to), v128.load(from)));
    v128.store(to, v128.xor(v128.load(to, 16), v128.load(from, 16)), 16);
    v128.store(to, v128.xor(v128.load(to, 32), v128.load(from, 32)), 32);
    v128.store(to, v128.xor(v128.load(to, 48), v128.load(from, 48)), 48);
  }
}
