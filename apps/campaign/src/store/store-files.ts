/**
 * Where the stores of the campaigns are, and what opens them.
 * @module
 */

/** With `secretsPath`, the secrets have a file of their own. */
export type StoreFiles = { readonly path: string; readonly secretsPath?: string };

export const KEY = keyOf(0);

/** One of a row of keys, for stores that change theirs. */
export function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32).fill(7);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}
