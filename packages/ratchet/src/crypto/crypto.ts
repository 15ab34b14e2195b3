/**
 * The port between the ratchet and the primitives it is made of: what the ratchet needs, and no more.
 * Two providers implement it, `portable.ts` and `node.ts`; equal input gives equal bytes on both.
 * A provider trusts its callers: lengths and public keys were checked before. It keeps none of its arguments and wipes
 * every intermediate secret that it can reach.
 * @module
 */

/** X25519 keys, 32 bytes each. The secret is stored unclamped; every use clamps it. */
export type KeyPair = { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };

/** Returns `length` bytes from a cryptographic source, for example `globalThis.crypto.getRandomValues`. */
export type RandomBytes = (length: number) => Uint8Array;

export interface Crypto extends Hashes, X25519 {
  /** Of the platform's cryptographic source. */
  readonly random: RandomBytes;
  /**
   * Ed25519 of RFC 8032 without the cofactor: s < q, and the bytes of sB - hA are those of R.
   *
   * @param encodedPoint - canonical; false for one that is not on the curve
   */
  verifyEd25519(encodedPoint: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** ChaCha20-Poly1305 (RFC 8439). @returns nonce (12) || ciphertext || tag (16) */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Uint8Array;
  /** @param sealed - what {@link seal} returns, 28 bytes or more */
  open(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined;
}

/** RFC 7748. Secrets have 32 bytes, and are clamped in use. */
export interface X25519 extends ScalarMultiplication {
  /** A fresh key pair, of the provider's own random bytes. */
  generateKeyPair(): KeyPair;
}

export interface ScalarMultiplication {
  /** Of the secret and the base point: its public key. */
  x25519Base(secretKey: Uint8Array): Uint8Array;
  /** `publicKey` is canonical and not of low order, so the result is never all zero. */
  x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
}

/** BLAKE2b (RFC 7693), and HKDF (RFC 5869) over it and over SHA-256. */
export interface Hashes {
  /** BLAKE2b with its digest length set to `length`, 1 to 64 bytes. */
  blake2b(length: number, message: Uint8Array): Uint8Array;
  /** Keyed BLAKE2b of the empty message. @param key - 1 to 64 bytes @param personal - 16 bytes */
  deriveBlake2b(length: number, key: Uint8Array, personal: Uint8Array): Uint8Array;
  /** HKDF over HMAC-BLAKE2b-512, whose block has 128 bytes. */
  hkdfBlake2b(salt: Uint8Array, material: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** HKDF over HMAC-SHA-256 without a salt. */
  hkdfSha256(material: Uint8Array, info: Uint8Array, length: number): Uint8Array;
}

export type CryptoOptions = {
  /** @default "tuned" */
  readonly kernels?: Kernels;
};

/**
 * `tuned`: hashes, and X25519 where the platform has none, in this package's own WebAssembly; as `library` where that is
 * forbidden. `library`: everything by the libraries alone.
 */
export type Kernels = "tuned" | "library";
