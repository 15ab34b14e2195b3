/**
 * Ownership of bytes: a store copies what it takes and what it hands out.
 * @module
 */

/** Copies of `Buffer`s, too, become plain arrays with memory of their own, which `slice` would not do. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Not in constant time: for callers that hold both sides anyway. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
