/**
 * The hashes by @stablelib alone.
 * @module
 */
import { BLAKE2b, hash } from "@stablelib/blake2b";
import { hmac } from "@stablelib/hmac";
import { SHA256 } from "@stablelib/sha256";
import { concat, wipe } from "../bytes.ts";
import type { Hashes } from "./crypto.ts";

const EMPTY = new Uint8Array(0);
const BLAKE2B_BLOCK = 128;

export const libraryHashes: Hashes = {
  blake2b: (length, message) => hash(message, length),
  deriveBlake2b: (length, key, personalization) => hash(EMPTY, length, { key, personalization }),
  hkdfBlake2b: (salt, material, info, length) => {
    // @stablelib/hmac 2.0.1 computes something else for a BLAKE2b key of more than one block.
    const key = salt.length > BLAKE2B_BLOCK ? hash(salt, 64) : salt;
    return hkdf(BLAKE2b, key, material, info, length);
  },
  hkdfSha256: (material, info, length) => hkdf(SHA256, EMPTY, material, info, length),
};

/**
 * RFC 5869. Not `@stablelib/hkdf`, because that keeps its pseudorandom key, from which the next root key could be
 * computed again, and fails with BLAKE2b above 64 bytes.
 */
function hkdf(
  hashClass: typeof BLAKE2b | typeof SHA256,
  salt: Uint8Array,
  material: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const pseudorandomKey = hmac(hashClass, salt, material);
  const output = new Uint8Array(length);
  let block = new Uint8Array(0);
  let offset = 0;
  for (let counter = 1; offset < length; counter += 1) {
    const input = concat(block, info, Uint8Array.of(counter));
    wipe(block);
    block = new Uint8Array(hmac(hashClass, pseudorandomKey, input));
    wipe(input);
    output.set(block.subarray(0, length - offset), offset);
    offset += block.length;
  }
  wipe(pseudorandomKey, block);
  return output;
}
