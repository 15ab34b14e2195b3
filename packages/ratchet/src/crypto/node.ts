/**
 * The provider on `node:crypto`, for its X25519, its Ed25519 and its AEAD of all but short messages.
 * Keys that were imported once are kept as key objects, because importing one costs as much as using it. Key objects and
 * strings are all that Node gets as keys: whatever else, it first tries as key objects of two kinds, by catching what
 * that throws. Node's digests are not used: the fixed cost of a call is larger than the work, and its BLAKE2b ignores a
 * key and has no personalisation.
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from "node:crypto";
import { concat, fromHex, wipe } from "../bytes.ts";
import type { Crypto, CryptoOptions } from "./crypto.ts";
import { createKeyCache } from "./key-cache.ts";
import { hashesOf, open, seal } from "./portable.ts";
import { systemRandom } from "./system-random.ts";

/** From here on Node's AEAD is faster than the one in JavaScript. */
const NODE_AEAD_BYTES = 320;
const LARGE_BYTES = 16_384;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "chacha20-poly1305";
/** RFC 8410: PKCS #8 of an X25519 secret, before its 32 bytes. */
const PKCS8_PREFIX = fromHex("302e020100300506032b656e04220420");
/** And SubjectPublicKeyInfo before the 32 bytes of a public key, in base64. */
const SPKI_PREFIX = { X25519: "MCowBQYDK2VuAyEA", Ed25519: "MCowBQYDK2VwAyEA" } as const;

const privateKeys = createKeyCache(importSecretKey);
const publicKeys = createKeyCache((key) => importPublicKey("X25519", key));

export function createNodeCrypto({ kernels = "tuned" }: CryptoOptions = {}): Crypto {
  return {
    ...hashesOf(kernels),
    random: systemRandom(),
    generateKeyPair() {
      const { privateKey, publicKey } = generateKeyPairSync("x25519");
      const secretKey = exportSecretKey(privateKey);
      privateKeys.put(secretKey, privateKey);
      return { publicKey: exportPublicKey(publicKey), secretKey };
    },
    x25519Base: (secretKey) => exportPublicKey(createPublicKey(privateKeys.get(secretKey))),
    x25519: (secretKey, publicKey) =>
      plain(diffieHellman({ privateKey: privateKeys.get(secretKey), publicKey: publicKeys.get(publicKey) })),
    verifyEd25519(encodedPoint, message, signature) {
      try {
        return verify(null, message, importPublicKey("Ed25519", encodedPoint), signature);
      } catch {
        return false; // not on the curve
      }
    },
    seal(key, nonce, plaintext, associatedData) {
      if (plaintext.length < NODE_AEAD_BYTES) return seal(key, nonce, plaintext, associatedData);
      const cipher = createCipheriv(CIPHER, createSecretKey(key), nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
      // Not filled with zeros, which takes as long as the copy; every byte is written below.
      const sealed = plain(Buffer.allocUnsafeSlow(NONCE_BYTES + plaintext.length + TAG_BYTES));
      sealed.set(nonce);
      const ciphertext = cipher.update(plaintext);
      sealed.set(ciphertext, NONCE_BYTES);
      release(ciphertext);
      cipher.final();
      sealed.set(cipher.getAuthTag(), NONCE_BYTES + plaintext.length);
      return sealed;
    },
    open(key, sealed, associatedData) {
      const plaintextLength = sealed.length - NONCE_BYTES - TAG_BYTES;
      if (plaintextLength < NODE_AEAD_BYTES) return open(key, sealed, associatedData);
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, createSecretKey(key), nonce, { authTagLength: TAG_BYTES });
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

/** What the declarations of Node do not have yet, and older versions of Node neither. */
type RawExport = { export(options: { readonly format: "raw-private" }): Buffer };

let hasRawExport = true;

/** Not as a JSON web key: that is a string, which cannot be wiped. The raw form costs a tenth of DER. */
function exportSecretKey(key: KeyObject): Uint8Array {
  if (hasRawExport) {
    try {
      return plain((key as KeyObject & RawExport).export({ format: "raw-private" }));
    } catch {
      hasRawExport = false;
    }
  }
  const der = key.export({ format: "der", type: "pkcs8" });
  const secretKey = new Uint8Array(der.subarray(PKCS8_PREFIX.length));
  wipe(der);
  return secretKey;
}

function exportPublicKey(key: KeyObject): Uint8Array {
  const { x = "" } = key.export({ format: "jwk" });
  return new Uint8Array(Buffer.from(x, "base64url"));
}

/** As a string, with which Node does not try and fail to read a key object: that would take three times as long. */
function importPublicKey(curve: keyof typeof SPKI_PREFIX, key: Uint8Array): KeyObject {
  const base64 = Buffer.from(key.buffer, key.byteOffset, key.length).toString("base64");
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${SPKI_PREFIX[curve]}${base64}\n-----END PUBLIC KEY-----\n`);
}

/**
 * Gives the memory of a large buffer back now. The garbage collector would take its time, and collects more often the
 * more such memory waits for it: a fifth of the time of a message of 150 KiB.
 */
function release(buffer: Buffer): void {
  const { buffer: memory } = buffer;
  // Never what it shares with others.
  if (buffer.length >= LARGE_BYTES && memory.byteLength === buffer.length && "transfer" in memory) memory.transfer(0);
}

/** The same bytes, not as a Buffer. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
