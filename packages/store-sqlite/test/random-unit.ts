/**
 * Random numbers that a seed repeats.
 * @module
 */

/** Numbers from 0 to below 1. A linear congruential generator: enough for delays. */
export function randomUnit(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
