/**
 * How many parity segments a payload gets.
 * Source: measurements.md, "Parity rule"; LIP-243, "Configuration" for a rate.
 * @module
 */

/** Field elements of the largest code: what data, and parity rounded up to a power of two, must fit together. */
const MAX_CODE_LENGTH = 65_536;

/**
 * - `seven-eighths`: the fewest for which any 87.5 % of the segments suffice; at most 12.5 % of what is sent
 * - `none`: no parity; every data segment is needed
 * - `rate`: so many for each data segment, rounded up, as LIP-243 has it (its default is 0.125); above 0, at most 1
 */
export type Parity = "seven-eighths" | "none" | { readonly rate: number };

/** @param dataCount - 1 or more */
export function parityCountFor(dataCount: number, parity: Parity): number {
  if (parity === "none") return 0;
  // With m of n = k + m lost at most, any 7/8 of n suffice iff m >= floor(n / 8): the least such m.
  if (parity === "seven-eighths") return Math.floor((dataCount - 1) / 7);
  return Math.ceil(dataCount * parity.rate);
}

/** Whether Leopard has a code of these counts (`vectors/README.md`). */
export function codeExists(dataCount: number, parityCount: number): boolean {
  if (parityCount < 1 || parityCount > dataCount) return false;
  return nextPowerOfTwo(nextPowerOfTwo(parityCount) + dataCount) <= MAX_CODE_LENGTH;
}

function nextPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
