/**
 * BLAKE2b and HKDF in the shapes that LIP-242 asks for, with the labels of the specifications as strings.
 * @module
 */
import { ascii, concat } from "./bytes.ts";
import type { Crypto } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";

const PERSONAL_BYTES = 16;

/**
 * BLAKE2b of the parts one after the other. Its digest length is set to `lengthBytes` (1 to 64), which is not the same
 * as a longer digest cut short.
 */
export function blake2b(lengthBytes: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return defaultCrypto().blake2b(lengthBytes, concat(...parts));
}

/** Keyed BLAKE2b of the empty message: one secret in, one secret for each `personal` out. */
export function blake2bDerive(
  key: Uint8Array,
  personal: string,
  lengthBytes: number,
  crypto: Crypto = defaultCrypto(),
): Uint8Array {
  return crypto.deriveBlake2b(lengthBytes, key, personalisation(personal));
}

/** `personal` padded with zeros, as BLAKE2b takes it and nothing shorter. */
export function personalisation(personal: string): Uint8Array {
  const padded = new Uint8Array(PERSONAL_BYTES);
  padded.set(ascii(personal));
  return padded;
}

/** HKDF over HMAC-BLAKE2b-512 (block of 128 bytes). */
export function hkdfBlake2b(
  salt: Uint8Array,
  ikm: Uint8Array,
  info: string,
  lengthBytes: number,
  crypto: Crypto = defaultCrypto(),
): Uint8Array {
  return crypto.hkdfBlake2b(salt, ikm, ascii(info), lengthBytes);
}

/** HKDF-SHA256 without a salt. */
export function hkdfSha256(
  ikm: Uint8Array,
  info: string,
  lengthBytes: number,
  crypto: Crypto = defaultCrypto(),
): Uint8Array {
  return crypto.hkdfSha256(ikm, ascii(info), lengthBytes);
}
