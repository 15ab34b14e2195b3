/**
 * Payloads that tests and their child processes agree on.
 * @module
 */

/** Bytes that differ from chunk to chunk and from seed to seed. */
export function payloadOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + (index >> 16) + seed) & 0xff);
}
