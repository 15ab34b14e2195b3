/**
 * Which numbers recover lost shards.
 *
 * Every place of a code is an element of the field: 0 to np2(m) - 1 for parity, then the data. Codewords are those
 * c for which the sum of c(x) p(x) over all places is 0 for each polynomial p of degree below np2(m). With Z the
 * missing places and L the polynomial that is zero exactly there, the choice p = L / (X - z) gives
 * c(z) = the sum of c(x) L(x) / ((x - z) L'(z)) over the places x that are there.
 * @module
 */
import { at, type Field } from "./field.ts";

/** What a code lacks. */
export type Shortage = {
  readonly field: Field;
  /** Parity places, of which some have no shard: np2(m). */
  readonly groupSize: number;
  /** Places of lost data shards, in order. */
  readonly lost: readonly number[];
  /** From {@link locatorLogs}. */
  readonly locator: Uint32Array;
};

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
    // Below 2^48: exact in a double.
    sums[index] = (at(sums, index) * at(logs, index) * undo) % modulus;
  }
  walshHadamard(sums, modulus);
  return sums;
}

/** L(x) / ((x - z) L'(z)) for each of `places` x, that are there, in a row for each lost place z. */
export function recoveryFactors(shortage: Shortage, places: readonly number[]): Uint16Array {
  const { lost, locator } = shortage;
  const { modulus, exp, log } = shortage.field;
  const factors = new Uint16Array(lost.length * places.length);
  let next = 0;
  for (const z of lost) {
    for (const x of places) {
      const power = at(locator, x) - at(log, x ^ z) - at(locator, z);
      factors[next++] = at(exp, (power + 2 * modulus) % modulus);
    }
  }
  return factors;
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
