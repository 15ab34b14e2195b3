/**
 * What a writing process and its parent tell each other.
 * @module
 */

export type KillsOrder = { readonly path: string; readonly seed: number };

export type KillsLine = { readonly kind: "open" } | { readonly kind: "acknowledged"; readonly number: number };

export const KEY = new Uint8Array(32).fill(7);
