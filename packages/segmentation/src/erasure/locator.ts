/**
 * Which numbers recover lost shards.
 *
 * Every place of a code is an element of the field: 0 to np2(m) - 1 for parity, then the data. Codewords are those
 * c for which the sum of c(x) p(x) over all places is 0 for each polynomial p of degree below np2(m). With Z the
 * missing places and L the polynomial that is zero exactly there, everything below follows from p = L / (X - z).
 * @module
 */
import { at, type Field } from "./field.ts";

/**
 * For each place x the logarithm of the product of x - z over the missing places z other than x: of L(x) where x is
 * there, of the derivative L'(x) where x is missing.
 *
 * @param missing - 1 for each missing place, 0 for the others; a power of two long
 */
export function locatorLogs(field: Field, missing: Uint8Array): Uint32Array {
  const { modulus, log } = field;
  const length = missing.length;
  // x - z is x XOR z here, so the sum of log(x XOR z) is a convolution that a Walsh-Hadamard transform makes a product.
  const sums = Uint32Array.from(missing);
  const logs = Uint32Array.from(log.subarray(0, length));
  walshHadamard(sums, modulus);
  walshHadamard(logs, modulus);
  // The transform is its own inverse but for a factor of `length`; 2^bits is 1 modulo 2^bits - 1.
  const undo = (modulus + 1) / length;
  for (let index = 0; index < length; index++) {
    // Up to 2^32 × 2^16: exact in a double.
    sums[index] = (at(sums, index) * at(logs, index) * undo) % modulus;
  }
  walshHadamard(sums, modulus);
  return sums;
}

/** In place, modulo `modulus`. */
function walshHadamard(values: Uint32Array, modulus: number): void {
  for (let half = 1; half < values.length; half *= 2) {
    for (let start = 0; start < values.length; start += 2 * half) {
      for (let index = start; index < start + half; index++) {
        const a = at(values, index);
        const b = at(values, index + half);
        const sum = a + b;
        values[index] = sum >= modulus ? sum - modulus : sum;
        values[index + half] = a >= b ? a - b : a - b + modulus;
      }
    }
  }
}
