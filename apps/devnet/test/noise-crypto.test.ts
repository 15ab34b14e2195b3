import { randomBytes } from "node:crypto";
import { pureJsCrypto } from "@chainsafe/libp2p-noise";
import { expect, test } from "@jest/globals";
import { Uint8ArrayList } from "uint8arraylist";
import { noiseCrypto } from "../src/host/noise-crypto.ts";

const bytesOf = (bytes: Uint8Array | Uint8ArrayList) => Buffer.from(bytes.subarray());

test.each([0, 1, 683, 684, 699, 700, 716, 4_096, 65_519])(
  "encrypts and decrypts %d bytes as the reference does",
  (length) => {
    const [key, nonce, ad, plaintext] = [randomBytes(32), randomBytes(12), randomBytes(8), randomBytes(length)];
    const theirs = bytesOf(pureJsCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key));
    const cut = Math.floor(length / 3);
    for (const input of [plaintext, new Uint8ArrayList(plaintext.subarray(0, cut), plaintext.subarray(cut))]) {
      expect(bytesOf(noiseCrypto.chaCha20Poly1305Encrypt(input, nonce, ad, key)).equals(theirs)).toBe(true);
    }
    for (const input of [theirs, new Uint8ArrayList(theirs.subarray(0, cut), theirs.subarray(cut))]) {
      expect(bytesOf(noiseCrypto.chaCha20Poly1305Decrypt(input, nonce, ad, key)).equals(plaintext)).toBe(true);
    }
  },
);

test.each([30, 5_000])("refuses %d bytes with anything changed", (length) => {
  const [key, nonce, ad] = [randomBytes(32), randomBytes(12), randomBytes(8)];
  const sealed = bytesOf(noiseCrypto.chaCha20Poly1305Encrypt(randomBytes(length), nonce, ad, key));
  const open = (bytes: Uint8Array, otherNonce = nonce, otherAd = ad, otherKey = key) => {
    return () => noiseCrypto.chaCha20Poly1305Decrypt(Uint8Array.from(bytes), otherNonce, otherAd, otherKey);
  };
  expect(open(sealed)).not.toThrow();
  for (const at of [0, length - 1, length, length + 15]) {
    expect(open(sealed.with(at, (sealed[at] ?? 0) ^ 1))).toThrow();
  }
  expect(open(sealed.subarray(0, -1))).toThrow();
  expect(open(sealed, randomBytes(12))).toThrow();
  expect(open(sealed, nonce, randomBytes(8))).toThrow();
  expect(open(sealed, nonce, ad, randomBytes(32))).toThrow();
});

test("agrees with the reference on shared keys and hashes", () => {
  const [ours, theirs] = [noiseCrypto.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()];
  const shared = noiseCrypto.generateX25519SharedKey(ours.privateKey, theirs.publicKey);
  expect(bytesOf(shared).equals(pureJsCrypto.generateX25519SharedKey(theirs.privateKey, ours.publicKey))).toBe(true);
  const list = new Uint8ArrayList(randomBytes(5), randomBytes(100));
  expect(bytesOf(noiseCrypto.hashSHA256(list)).equals(pureJsCrypto.hashSHA256(list))).toBe(true);
});
