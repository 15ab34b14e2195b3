/**
 * Where the stores of the campaigns are, and what opens them.
 * @module
 */

/** With `secretsPath`, the secrets have a file of their own. */
export type StoreFiles = { readonly path: string; readonly secretsPath?: string };

export const KEY = new Uint8Array(32).fill(7);
