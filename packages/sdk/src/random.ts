/**
 * Random bytes from the platform. A pool makes a nonce cost 0.1 µs instead of 3.
 * @module
 */
import type { RandomBytes } from "@chat/ratchet";

const POOL_SIZE = 4096;

/** Bytes are handed out once and cleared in the pool. */
export function systemRandom(): RandomBytes {
  const pool = new Uint8Array(POOL_SIZE);
  let used = POOL_SIZE;
  return (length) => {
    if (length > POOL_SIZE) throw new RangeError(`random: want ≤ ${POOL_SIZE} bytes, got ${length}`);
    if (used + length > POOL_SIZE) {
      globalThis.crypto.getRandomValues(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}
