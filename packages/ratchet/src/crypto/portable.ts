/**
 * The provider that runs everywhere: @stablelib and @noble, and this package's kernels where WebAssembly is allowed.
 * @module
 */
import { ChaCha20Poly1305 } from "@stablelib/chacha20poly1305";
import type { Crypto, CryptoOptions, Hashes, Kernels, RandomBytes, ScalarMultiplication, X25519 } from "./crypto.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { libraryHashes } from "./library-hashes.ts";
import { libraryX25519 } from "./library-x25519.ts";
import { systemRandom } from "./system-random.ts";
import { findWasmHashes } from "./wasm-hashes.ts";
import { findWasmX25519 } from "./wasm-x25519.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

let tunedHashes: Hashes | undefined;
let tunedX25519: ScalarMultiplication | undefined;

export function createPortableCrypto({ kernels = "tuned" }: CryptoOptions = {}): Crypto {
  const random = systemRandom();
  return {
    ...hashesOf(kernels),
    ...x25519Of(kernels, random),
    random,
    verifyEd25519,
    seal,
    open,
  };
}

/** Kernels are made once: there is nothing in them between two calls. */
export function hashesOf(kernels: Kernels): Hashes {
  if (kernels === "library") return libraryHashes;
  tunedHashes ??= findWasmHashes(libraryHashes) ?? libraryHashes;
  return tunedHashes;
}

function x25519Of(kernels: Kernels, random: RandomBytes): X25519 {
  const multiplication = multiplicationOf(kernels);
  return {
    ...multiplication,
    generateKeyPair() {
      const secretKey = random(KEY_BYTES);
      return { publicKey: multiplication.x25519Base(secretKey), secretKey };
    },
  };
}

function multiplicationOf(kernels: Kernels): ScalarMultiplication {
  if (kernels === "library") return libraryX25519;
  tunedX25519 ??= findWasmX25519() ?? libraryX25519;
  return tunedX25519;
}

export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(NONCE_BYTES + plaintext.length + TAG_BYTES);
  sealed.set(nonce);
  const aead = new ChaCha20Poly1305(key); // copies the key
  aead.seal(nonce, plaintext, associatedData, sealed.subarray(NONCE_BYTES));
  aead.clean();
  return sealed;
}

export function open(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined {
  const aead = new ChaCha20Poly1305(key);
  const plaintext = aead.open(sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), associatedData);
  aead.clean();
  return plaintext ?? undefined;
}
