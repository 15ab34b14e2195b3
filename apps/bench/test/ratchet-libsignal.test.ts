/**
 * The ratchet's keys and signatures against libsignal's. Here and not in the package, because libsignal's license keeps
 * it out of everything that is published.
 */
import { randomBytes } from "node:crypto";
import {
  createCrypto,
  createPortableCrypto,
  diffieHellman,
  generateKeyPair,
  signXeddsa,
  verifyXeddsa,
} from "@chat/ratchet";
import { describe, expect, test } from "@jest/globals";
import { PrivateKey, PublicKey } from "@signalapp/libsignal-client";

/** libsignal writes a type in front of a public key. */
const DJB_TYPE = 5;
const TRIES = 24;

function theirPublicKey(key: Uint8Array): PublicKey {
  return PublicKey.deserialize(Uint8Array.of(DJB_TYPE, ...key));
}

function theirPrivateKey(key: Uint8Array): PrivateKey {
  return PrivateKey.deserialize(new Uint8Array(key));
}

describe.each([
  { provider: "node", crypto: createCrypto() },
  { provider: "portable", crypto: createPortableCrypto() },
])("the $provider provider", ({ crypto }) => {
  test("agrees with libsignal on public keys and on shared secrets", () => {
    for (let count = 0; count < TRIES; count += 1) {
      const [ours, theirs] = [generateKeyPair(undefined, crypto), PrivateKey.generate()];
      const theirKey = theirs.getPublicKey().getPublicKeyBytes();
      expect(theirPrivateKey(ours.secretKey).getPublicKey().getPublicKeyBytes()).toEqual(ours.publicKey);
      expect(diffieHellman(ours.secretKey, theirKey, crypto)).toEqual(theirs.agree(theirPublicKey(ours.publicKey)));
    }
  });

  test("takes every signature of libsignal in its mode, and in the strict one those whose sign bit is clear", () => {
    const signs = new Set<number>();
    for (let count = 0; count < TRIES; count += 1) {
      const [key, message] = [PrivateKey.generate(), new Uint8Array(randomBytes(count * 3))];
      const publicKey = key.getPublicKey().getPublicKeyBytes();
      const signature = key.sign(message);
      const sign = (signature[63] ?? 0) & 0x80;
      signs.add(sign);
      expect(verifyXeddsa(publicKey, message, signature, { crypto, signBit: "libsignal" })).toBe(true);
      expect(verifyXeddsa(publicKey, message, signature, { crypto })).toBe(sign === 0);
      signature[63] = (signature[63] ?? 0) ^ 0x80;
      expect(verifyXeddsa(publicKey, message, signature, { crypto, signBit: "libsignal" })).toBe(false);
    }
    expect(signs).toEqual(new Set([0, 0x80]));
  });
});

test("libsignal takes every signature of ours, and none that was changed", () => {
  for (let count = 0; count < TRIES; count += 1) {
    const { publicKey, secretKey } = generateKeyPair();
    const message = new Uint8Array(randomBytes(count * 3));
    const signature = new Uint8Array(signXeddsa(secretKey, message));
    expect(theirPublicKey(publicKey).verify(message, signature)).toBe(true);
    signature[count] = (signature[count] ?? 0) ^ 1;
    expect(theirPublicKey(publicKey).verify(message, signature)).toBe(false);
  }
});
