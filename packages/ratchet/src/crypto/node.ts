/**
 * The provider on `node:crypto`: its X25519 and Ed25519 are ten times as fast as those in JavaScript.
 * Keys that were imported once are kept as key objects, because importing one costs as much as using it. Node's digests
 * and short AEAD calls are not used: the fixed cost of a call is larger than the work, and Node's BLAKE2b has neither
 * key nor personalisation.
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  verify,
} from "node:crypto";
import { concat, fromHex, wipe } from "../bytes.ts";
import type { Crypto, CryptoOptions } from "./crypto.ts";
import { createKeyCache } from "./key-cache.ts";
import { hashesOf, open, seal } from "./portable.ts";

/** From here on Node's AEAD is faster than the one in JavaScript. */
const NODE_AEAD_BYTES = 2_048;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "chacha20-poly1305";
/** RFC 8410: PKCS #8 of an X25519 secret, before its 32 bytes. */
const PKCS8_PREFIX = fromHex("302e020100300506032b656e04220420");

const privateKeyOf = createKeyCache(importSecretKey);
const publicKeyOf = createKeyCache((key) => importPublicKey("X25519", key));

export function createNodeCrypto({ kernels = "tuned" }: CryptoOptions = {}): Crypto {
  return {
    ...hashesOf(kernels),
    x25519Base(secretKey) {
      const { x = "" } = createPublicKey(privateKeyOf(secretKey)).export({ format: "jwk" });
      return new Uint8Array(Buffer.from(x, "base64url"));
    },
    x25519(secretKey, publicKey) {
      const agreement = diffieHellman({ privateKey: privateKeyOf(secretKey), publicKey: publicKeyOf(publicKey) });
      return plain(agreement);
    },
    verifyEd25519(encodedPoint, message, signature) {
      try {
        return verify(null, message, importPublicKey("Ed25519", encodedPoint), signature);
      } catch {
        return false; // not on the curve
      }
    },
    seal(key, nonce, plaintext, associatedData) {
      if (plaintext.length < NODE_AEAD_BYTES) return seal(key, nonce, plaintext, associatedData);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return concat(nonce, ciphertext, cipher.getAuthTag());
    },
    open(key, sealed, associatedData) {
      const plaintextLength = sealed.length - NONCE_BYTES - TAG_BYTES;
      if (plaintextLength < NODE_AEAD_BYTES) return open(key, sealed, associatedData);
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(associatedData, { plaintextLength });
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES + plaintextLength));
      const plaintext = plain(decipher.update(sealed.subarray(NONCE_BYTES, NONCE_BYTES + plaintextLength)));
      try {
        decipher.final();
        return plaintext;
      } catch {
        wipe(plaintext);
        return undefined;
      }
    },
  };
}

function importSecretKey(secretKey: Uint8Array): KeyObject {
  const der = concat(PKCS8_PREFIX, secretKey);
  const key = createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
  wipe(der);
  return key;
}

/** As a JSON web key, which is faster than DER. */
function importPublicKey(curve: "X25519" | "Ed25519", key: Uint8Array): KeyObject {
  const x = Buffer.from(key.buffer, key.byteOffset, key.length).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: curve, x }, format: "jwk" });
}

/** The same bytes, not as a Buffer. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
