/**
 * X25519 key pairs and the strict rules for keys from the wire.
 * Spec: RFC 7748; protocol.md, "Keys from the wire".
 * @module
 */
import { equalPublic, fromHex, wipe } from "./bytes.ts";
import type { Crypto, KeyPair, RandomBytes } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";
import { RatchetError } from "./errors.ts";
import { draw } from "./random.ts";

export const KEY_BYTES = 32;

/** 2^255 - 19, little-endian. */
const FIELD_PRIME = new Uint8Array(KEY_BYTES).fill(0xff);
FIELD_PRIME[0] = 0xed;
FIELD_PRIME[31] = 0x7f;

/** Every u below p of a point whose order divides 8, on the curve or its twist: 0, 1, two of order 8, p - 1. */
const LOW_ORDER_KEYS: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

export type { KeyPair };

/** A fresh key pair. @param random - its secret is 32 bytes of it, wiped there; by default of the provider's own */
export function generateKeyPair(random?: RandomBytes, crypto: Crypto = defaultCrypto()): KeyPair {
  if (!random) return crypto.generateKeyPair();
  const drawn = draw(random, KEY_BYTES);
  const keyPair = keyPairFromSecret(drawn, crypto);
  wipe(drawn);
  return keyPair;
}

/**
 * The key pair of a stored secret, which is copied.
 *
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`
 */
export function keyPairFromSecret(secretKey: Uint8Array, crypto: Crypto = defaultCrypto()): KeyPair {
  checkSecretKey(secretKey);
  const copy = secretKey.slice();
  return { publicKey: crypto.x25519Base(copy), secretKey: copy };
}

/** Whether a key may come from the wire: 32 bytes, u < p, bit 255 clear, not of low order. */
export function isValidPublicKey(key: Uint8Array): boolean {
  return key.length === KEY_BYTES && isCanonical(key) && !LOW_ORDER_KEYS.some((low) => equalPublic(low, key));
}

/**
 * X25519 of our secret and their public key.
 *
 * @returns 32 bytes that are never all zero
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`, `INVALID_PUBLIC_KEY`
 */
export function diffieHellman(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  crypto: Crypto = defaultCrypto(),
): Uint8Array {
  checkSecretKey(secretKey);
  checkPublicKey("publicKey", publicKey);
  // The all-zero output of RFC 7748, section 6.1, needs a key of low order, and those were refused above.
  return crypto.x25519(secretKey, publicKey);
}

export function checkPublicKey(name: string, key: Uint8Array): void {
  if (!isValidPublicKey(key)) {
    const seen = key.length === KEY_BYTES ? "one that is not" : `${key.length} bytes`;
    throw new RatchetError("INVALID_PUBLIC_KEY", `${name}: want a canonical X25519 key of 32 bytes, got ${seen}`);
  }
}

function checkSecretKey(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) {
    throw new RatchetError("INVALID_SECRET_KEY", `secretKey: want ${KEY_BYTES} bytes, got ${key.length}`);
  }
}

/** Below p, which leaves bit 255 clear as well. */
function isCanonical(key: Uint8Array): boolean {
  for (let index = KEY_BYTES - 1; index >= 0; index -= 1) {
    const difference = (key[index] ?? 0) - (FIELD_PRIME[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
