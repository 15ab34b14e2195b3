/**
 * ML-KEM-768, the post-quantum half of a hybrid invite, and the strict rules for what of it comes from the wire.
 * A secret is its seed of 64 bytes: the decapsulation key of 2,400 is expanded for one use and wiped.
 * Spec: FIPS 203, with the seed `d || z` as in section 3.3 and the input checks of sections 7.2 and 7.3.
 * @module
 */
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { wipe } from "./bytes.ts";
import type { RandomBytes } from "./crypto/crypto.ts";
import { RatchetError } from "./errors.ts";
import { draw } from "./random.ts";

export const KEM_SEED_BYTES = 64;
const KEM_KEY_BYTES = 1_184;
const KEM_CIPHERTEXT_BYTES = 1_088;
const KEM_MESSAGE_BYTES = 32;
/** A key is 1,152 bytes of 12-bit coefficients below this, then a seed of 32. */
const FIELD_PRIME = 3_329;
const COEFFICIENTS_BYTES = 1_152;

/** `publicKey` has 1,184 bytes, `seed` 64. */
export type KemKeyPair = { readonly publicKey: Uint8Array; readonly seed: Uint8Array };

/** A fresh key pair whose seed is 64 bytes of `random`. */
export function generateKemKeyPair(random: RandomBytes): KemKeyPair {
  return expand(draw(random, KEM_SEED_BYTES));
}

/**
 * The key pair of a stored seed, which is copied.
 *
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`
 */
export function kemKeyPairFromSeed(seed: Uint8Array): KemKeyPair {
  checkSeed(seed);
  return expand(seed.slice());
}

/** Whether a key may come from the wire: 1,184 bytes and every coefficient below 3,329. */
export function isValidKemPublicKey(key: Uint8Array): boolean {
  if (key.length !== KEM_KEY_BYTES) return false;
  for (let index = 0; index < COEFFICIENTS_BYTES; index += 3) {
    const [low = 0, middle = 0, high = 0] = [key[index], key[index + 1], key[index + 2]];
    if ((low | ((middle & 0x0f) << 8)) >= FIELD_PRIME || ((middle >> 4) | (high << 4)) >= FIELD_PRIME) return false;
  }
  return true;
}

/** Whether a ciphertext may come from the wire: any 1,088 bytes. A wrong one gives a secret that nobody else has. */
export function isValidKemCiphertext(ciphertext: Uint8Array): boolean {
  return ciphertext.length === KEM_CIPHERTEXT_BYTES;
}

/**
 * A fresh secret for whoever has the seed of `publicKey`.
 *
 * @returns `ciphertext` of 1,088 bytes, `secret` of 32, the caller's to wipe
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`
 */
export function encapsulate(
  publicKey: Uint8Array,
  random: RandomBytes,
): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } {
  if (!isValidKemPublicKey(publicKey)) {
    const seen = publicKey.length === KEM_KEY_BYTES ? "one that is not" : `${publicKey.length} bytes`;
    throw new RatchetError(
      "INVALID_PUBLIC_KEY",
      `kemKey: want a canonical ML-KEM-768 key of ${KEM_KEY_BYTES} bytes, got ${seen}`,
    );
  }
  const message = draw(random, KEM_MESSAGE_BYTES);
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message);
  wipe(message);
  return { ciphertext: cipherText, secret: sharedSecret };
}

/**
 * The secret of a ciphertext; for one that was not made for this key, a secret that nobody else has (implicit
 * rejection), so that only the first message shows it.
 *
 * @returns 32 bytes, the caller's to wipe
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`; `INVALID_OPTION` unless {@link isValidKemCiphertext}
 */
export function decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  checkSeed(seed);
  if (!isValidKemCiphertext(ciphertext)) {
    throw new RatchetError(
      "INVALID_OPTION",
      `kemCiphertext: want ${KEM_CIPHERTEXT_BYTES} bytes, got ${ciphertext.length}`,
    );
  }
  const { secretKey } = ml_kem768.keygen(seed);
  const secret = ml_kem768.decapsulate(ciphertext, secretKey);
  wipe(secretKey);
  return secret;
}

function expand(seed: Uint8Array): KemKeyPair {
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  wipe(secretKey);
  return { publicKey, seed };
}

function checkSeed(seed: Uint8Array): void {
  if (seed.length !== KEM_SEED_BYTES) {
    throw new RatchetError("INVALID_SECRET_KEY", `seed: want ${KEM_SEED_BYTES} bytes, got ${seed.length}`);
  }
}
