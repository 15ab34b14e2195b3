/**
 * The two finite fields of Leopard Reed-Solomon, and which one a code uses.
 *
 * An element is written in a Cantor basis v of its field, so that bit i of the number stands for v[i]. In such a basis
 * `x => x^2 + x` is `x >> 1`, which is all that the transforms of `row-kernel.ts` need to know of it.
 * In the 16-bit field a symbol's low byte is at position b of a 64-byte block, its high byte at b + 32.
 * @module
 */
import { SegmentationError } from "../errors.ts";

export type Field = {
  readonly bits: 8 | 16;
  /** How many elements are not zero; exponents count modulo this. */
  readonly modulus: 255 | 65_535;
  /** `log[a]` for a > 0; `log[0]` is 0 and means nothing. */
  readonly log: Uint16Array;
  /** `exp[i]` for i of 0 to 2 × modulus, so that a sum of two logarithms needs no reduction. */
  readonly exp: Uint16Array;
  multiply(a: number, b: number): number;
  /** @param a - not 0 */
  inverse(a: number): number;
};

/** A code of one data shard repeats it; one of one parity shard adds all up; every other is over a field. */
export type Scheme = "copy" | "xor" | Field;

const POLYNOMIAL = { 8: 0x11d, 16: 0x1002d } as const;
// The bases of the original: any other gives other parity.
const CANTOR_BASIS = {
  8: [1, 214, 152, 146, 86, 200, 88, 230],
  16: [
    0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34,
    0xff38, 0x991e,
  ],
} as const;

const fields = new Map<8 | 16, Field>();

/** Tables are made at first use: 2 KiB for 8 bits, 384 KiB for 16. */
export function fieldOf(bits: 8 | 16): Field {
  const known = fields.get(bits);
  if (known !== undefined) return known;
  const made = makeField(bits);
  fields.set(bits, made);
  return made;
}

/**
 * How a code of these counts is made: with n = np2(np2(parityCount) + dataCount), np2 the next power of two, in the
 * 8-bit field where n is at most 256, else in the 16-bit field.
 *
 * @throws {@link SegmentationError} `INVALID_OPTION` unless 1 <= parityCount <= dataCount and n <= 65,536
 */
export function fieldFor(dataCount: number, parityCount: number): Scheme {
  if (!Number.isSafeInteger(dataCount) || dataCount < 1) {
    throw new SegmentationError("INVALID_OPTION", `data shards: want an integer >= 1, got ${dataCount}`);
  }
  if (!Number.isSafeInteger(parityCount) || parityCount < 1 || parityCount > dataCount) {
    throw new SegmentationError("INVALID_OPTION", `parity shards: want 1 to ${dataCount}, got ${parityCount}`);
  }
  const n = codeLength(dataCount, parityCount);
  if (n > 65_536) {
    const got = `${n} for ${dataCount} + ${parityCount}`;
    throw new SegmentationError("INVALID_OPTION", `shards: want at most 65536 places, got ${got}`);
  }
  if (dataCount === 1) return "copy";
  if (parityCount === 1) return "xor";
  return fieldOf(n <= 256 ? 8 : 16);
}

/** Places of a code: parity takes the first np2(parityCount), data follow, the rest stays zero. */
export function codeLength(dataCount: number, parityCount: number): number {
  return nextPowerOfTwo(nextPowerOfTwo(parityCount) + dataCount);
}

/** @param count - 1 to 2^30 */
export function nextPowerOfTwo(count: number): number {
  return count === 1 ? 1 : 1 << (32 - Math.clz32(count - 1));
}

function makeField(bits: 8 | 16): Field {
  const modulus = bits === 8 ? 255 : 65_535;
  // Logarithms of the usual representation, by powers of x.
  const powerOf = new Uint16Array(modulus + 1);
  for (let power = 0, element = 1; power < modulus; power++) {
    powerOf[element] = power;
    element <<= 1;
    if (element > modulus) element ^= POLYNOMIAL[bits];
  }
  const log = new Uint16Array(modulus + 1);
  const exp = new Uint16Array(2 * modulus + 1);
  const usual = new Uint16Array(modulus + 1);
  for (const [bit, vector] of CANTOR_BASIS[bits].entries()) {
    const width = 1 << bit;
    for (let low = 0; low < width; low++) usual[width + low] = at(usual, low) ^ vector;
  }
  for (let element = 1; element <= modulus; element++) {
    const power = at(powerOf, at(usual, element));
    log[element] = power;
    exp[power] = element;
    exp[power + modulus] = element;
  }
  exp[2 * modulus] = at(exp, 0);
  return {
    bits,
    modulus,
    log,
    exp,
    multiply: (a, b) => (a === 0 || b === 0 ? 0 : at(exp, at(log, a) + at(log, b))),
    inverse: (a) => at(exp, modulus - at(log, a)),
  };
}

/** An element of a table that is known to be there. */
export function at(table: ArrayLike<number>, index: number): number {
  return table[index] as number;
}
