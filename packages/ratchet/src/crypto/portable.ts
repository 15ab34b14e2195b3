/**
 * The provider that runs everywhere: @stablelib and @noble, and this package's kernels where WebAssembly is allowed.
 * @module
 */
import { ChaCha20Poly1305 } from "@stablelib/chacha20poly1305";
import { scalarMult, scalarMultBase } from "@stablelib/x25519";
import type { Crypto, CryptoOptions, Hashes } from "./crypto.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { libraryHashes } from "./library-hashes.ts";
import { findWasmHashes } from "./wasm-hashes.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

let tunedHashes: Hashes | undefined;

export function createPortableCrypto({ kernels = "tuned" }: CryptoOptions = {}): Crypto {
  return {
    ...hashesOf(kernels),
    x25519Base: scalarMultBase,
    x25519: scalarMult,
    verifyEd25519,
    seal,
    open,
  };
}

/** The tuned ones are made once: there is nothing in them between two calls. */
export function hashesOf(kernels: NonNullable<CryptoOptions["kernels"]>): Hashes {
  if (kernels === "library") return libraryHashes;
  tunedHashes ??= findWasmHashes(libraryHashes) ?? libraryHashes;
  return tunedHashes;
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
