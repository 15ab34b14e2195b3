/**
 * BLAKE2b and HKDF in the shapes that LIP-242 asks for.
 * @module
 */
import { BLAKE2b, hash } from "@stablelib/blake2b";
import { hmac } from "@stablelib/hmac";
import { SHA256 } from "@stablelib/sha256";
import { ascii, concat, wipe } from "./bytes.ts";

const PERSONAL_BYTES = 16;

/**
 * BLAKE2b of the parts one after the other. Its digest length is set to `lengthBytes` (1 to 64), which is not the same
 * as a longer digest cut short.
 */
export function blake2b(lengthBytes: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return hash(concat(...parts), lengthBytes);
}

/** Keyed BLAKE2b of the empty message: one secret in, one secret for each `personal` out. */
export function blake2bDerive(key: Uint8Array, personal: string, lengthBytes: number): Uint8Array {
  // The library refuses a personalisation that is not exactly 16 bytes long.
  const personalization = new Uint8Array(PERSONAL_BYTES);
  personalization.set(ascii(personal));
  return hash(new Uint8Array(0), lengthBytes, { key, personalization });
}

/** HKDF over HMAC-BLAKE2b-512 (block of 128 bytes). */
export function hkdfBlake2b(salt: Uint8Array, ikm: Uint8Array, info: string, lengthBytes: number): Uint8Array {
  return hkdf(BLAKE2b, salt, ikm, info, lengthBytes);
}

/** HKDF-SHA256 without a salt. */
export function hkdfSha256(ikm: Uint8Array, info: string, lengthBytes: number): Uint8Array {
  return hkdf(SHA256, new Uint8Array(0), ikm, info, lengthBytes);
}

/**
 * RFC 5869. Not `@stablelib/hkdf`, because that keeps its pseudorandom key, from which the next root key could be
 * computed again, and fails with BLAKE2b above 64 bytes.
 */
function hkdf(
  hashClass: typeof BLAKE2b | typeof SHA256,
  salt: Uint8Array,
  ikm: Uint8Array,
  info: string,
  lengthBytes: number,
): Uint8Array {
  const pseudorandomKey = hmac(hashClass, salt, ikm);
  const infoBytes = ascii(info);
  const output = new Uint8Array(lengthBytes);
  let block = new Uint8Array(0);
  let offset = 0;
  for (let counter = 1; offset < lengthBytes; counter += 1) {
    const input = concat(block, infoBytes, Uint8Array.of(counter));
    wipe(block);
    block = new Uint8Array(hmac(hashClass, pseudorandomKey, input));
    wipe(input);
    output.set(block.subarray(0, lengthBytes - offset), offset);
    offset += block.length;
  }
  wipe(pseudorandomKey, block);
  return output;
}
