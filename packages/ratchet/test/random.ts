/**
 * Random bytes that repeat with their seed, so that a failing run can be run again.
 * @module
 */
import { sha512 } from "@noble/hashes/sha2.js";
import type { RandomBytes } from "../src/index.ts";

export function createRandom(seed: number): RandomBytes {
  let counter = 0;
  return (length) => {
    counter += 1;
    const block = sha512(new TextEncoder().encode(`${seed} ${counter}`));
    return block.slice(0, length);
  };
}
