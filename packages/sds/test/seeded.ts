/** Randomness that a seed repeats: mulberry32, good enough to spread out times and lose packets. */
import type { RandomBytes } from "../src/index.ts";

export type Seeded = { readonly bytes: RandomBytes; readonly fraction: () => number };

export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    fraction: () => next() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

/** Always 0: the shortest delays. */
export const NO_JITTER: RandomBytes = (length) => new Uint8Array(length);

/** As close to 1 as it gets: the longest delays. */
export const MOST_JITTER: RandomBytes = (length) => new Uint8Array(length).fill(0xff);
