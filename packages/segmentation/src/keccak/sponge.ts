/**
 * What the implementations of Keccak-256 have in common.
 * @module
 */

/** One hash on its way. After `digest`, neither method is called again. */
export interface Sponge {
  update(bytes: Uint8Array): void;
  /** @returns 32 bytes of its own; nothing of what was hashed is kept */
  digest(): Uint8Array;
}

/** How an implementation starts a hash; absent where the runtime does not have what it takes. */
export type OpenSponge = () => Sponge;
