/**
 * The ciphers of Noise connections, by Node's OpenSSL where a frame is large and by WebAssembly where it is small. As
 * libp2p's own choice, but with each connection's key prepared once: to hand Node a key as bytes costs 10 µs in every
 * call, more than to encrypt 4 KB.
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { ChaCha20Poly1305, newInstance } from "@chainsafe/as-chacha20poly1305";
import { type ICryptoInterface, pureJsCrypto } from "@chainsafe/libp2p-noise";

type Bytes = Parameters<ICryptoInterface["hashSHA256"]>[0];

/** From so many bytes on, calling OpenSSL is faster. */
const LARGE_BYTES = 700;
const TAG_BYTES = 16;
const CIPHER = "chacha20-poly1305";
/** RFC 8410: what stands before the 32 bytes of an X25519 key in DER. */
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

const small = new ChaCha20Poly1305(newInstance());
const prepared = new WeakMap<Uint8Array, KeyObject>();

export const noiseCrypto: ICryptoInterface = {
  ...pureJsCrypto,
  hashSHA256: (data) => createHash("sha256").update(data.subarray()).digest(),
  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    if (plaintext.byteLength < LARGE_BYTES) return small.seal(key, nonce, plaintext.subarray(), ad);
    const cipher = createCipheriv(CIPHER, preparedKey(key), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(ad, { plaintextLength: plaintext.byteLength });
    const encrypted = [...partsOf(plaintext)].map((part) => cipher.update(part));
    return Buffer.concat([...encrypted, cipher.final(), cipher.getAuthTag()]);
  },
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, dst) {
    if (ciphertext.byteLength < LARGE_BYTES) return opened(small.open(key, nonce, ciphertext.subarray(), ad, dst));
    const bytes = ciphertext.subarray();
    const encrypted = bytes.subarray(0, -TAG_BYTES);
    const decipher = createDecipheriv(CIPHER, preparedKey(key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(ad, { plaintextLength: encrypted.byteLength });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plaintext = decipher.update(encrypted);
    decipher.final(); // throws where the tag is wrong
    return plaintext;
  },
  generateX25519KeyPair() {
    const { publicKey, privateKey } = generateKeyPairSync("x25519", {
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    return {
      publicKey: publicKey.subarray(PUBLIC_PREFIX.length),
      privateKey: privateKey.subarray(PRIVATE_PREFIX.length),
    };
  },
  generateX25519SharedKey: (privateKey, publicKey) =>
    diffieHellman({
      privateKey: createPrivateKey({ key: der(PRIVATE_PREFIX, privateKey), type: "pkcs8", format: "der" }),
      publicKey: createPublicKey({ key: der(PUBLIC_PREFIX, publicKey), type: "spki", format: "der" }),
    }),
};

// A connection keeps the same array for its key as long as it lives.
function preparedKey(key: Uint8Array): KeyObject {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const object = createSecretKey(key);
  prepared.set(key, object);
  return object;
}

function partsOf(bytes: Bytes): Iterable<Uint8Array> {
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}

function opened(plaintext: Uint8Array | null): Uint8Array {
  if (plaintext === null) throw new Error("the frame is not of this connection");
  return plaintext;
}

function der(prefix: Buffer, key: Bytes): Buffer {
  return Buffer.concat([prefix, key.subarray()]);
}
