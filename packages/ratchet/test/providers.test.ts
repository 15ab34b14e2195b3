import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { generateKeyPair, keyPairFromSecret, signXeddsa, verifyXeddsa, wipe } from "../src/index.ts";
import { PROVIDERS } from "./providers.ts";
import { createRandom } from "./random.ts";
import { toHex } from "./vectors.ts";

const [{ crypto: first }, ...others] = PROVIDERS as [(typeof PROVIDERS)[0], ...typeof PROVIDERS];

/** Runs `call` on every provider, whose results must be one. */
function same(call: (crypto: typeof first) => Uint8Array | undefined | boolean): void {
  const wanted = call(first);
  for (const { provider, crypto } of others) expect([provider, call(crypto)]).toEqual([provider, wanted]);
}

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });

describe("all providers give the same bytes", () => {
  test("for hashes and key derivations", () => {
    const inputs = fc.record({
      length: fc.integer({ min: 1, max: 64 }),
      key: bytes(1, 64),
      personal: bytes(16),
      salt: bytes(1, 160),
      material: bytes(1, 1_100),
      info: bytes(0, 140),
      longer: fc.integer({ min: 1, max: 200 }),
    });
    const property = fc.property(inputs, ({ length, key, personal, salt, material, info, longer }) => {
      same((crypto) => crypto.blake2b(length, material));
      same((crypto) => crypto.deriveBlake2b(length, key, personal));
      same((crypto) => crypto.hkdfBlake2b(salt, material, info, longer));
      same((crypto) => crypto.hkdfSha256(material, info, longer));
    });
    fc.assert(property);
  });

  test("for X25519, also of keys that the ratchet refuses", () => {
    const property = fc.property(bytes(32), bytes(32), (secretKey, point) => {
      same((crypto) => crypto.x25519Base(secretKey));
      point[0] = (point[0] ?? 0) | 2; // none of low order, which OpenSSL refuses
      same((crypto) => crypto.x25519(secretKey, point));
    });
    fc.assert(property, { numRuns: 40 });
  });

  test("for sealing and opening, at every size where another implementation begins", () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 700 }),
      fc.constantFrom(63, 64, 65, 319, 320, 321, 65_536, 150_000),
    );
    const property = fc.property(bytes(32), bytes(12), sizes, bytes(0, 150), fc.nat(), (key, nonce, size, aad, at) => {
      const plaintext = new Uint8Array(size).map((_, index) => index * 7 + at);
      same((crypto) => crypto.seal(key, nonce, plaintext, aad));
      const sealed = first.seal(key, nonce, plaintext, aad);
      same((crypto) => crypto.open(key, sealed, aad));
      expect(first.open(key, sealed, aad)).toEqual(plaintext);
      const index = at % sealed.length;
      sealed[index] = (sealed[index] ?? 0) ^ 0x10;
      for (const { crypto } of PROVIDERS) expect(crypto.open(key, sealed, aad)).toBeUndefined();
    });
    fc.assert(property, { numRuns: 30 });
  });

  test("for the verification of signatures, genuine and forged, in both modes", () => {
    const property = fc.property(fc.integer(), bytes(0, 80), fc.nat(), (seed, message, at) => {
      const random = createRandom(seed);
      const { publicKey, secretKey } = generateKeyPair(random);
      const signature = signXeddsa(secretKey, message, random);
      same((crypto) => verifyXeddsa(publicKey, message, signature, { crypto }));
      signature[at % 64] = (signature[at % 64] ?? 0) ^ (1 << (at % 8));
      for (const signBit of ["zero", "libsignal"] as const) {
        same((crypto) => verifyXeddsa(publicKey, message, signature, { crypto, signBit }));
      }
    });
    fc.assert(property, { numRuns: 6 });
  });
});

test("a version of Node that cannot export the raw secret exports DER, whose last 32 bytes are the secret", () => {
  const { privateKey } = generateKeyPairSync("x25519");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  expect(der.subarray(0, 16).toString("hex")).toBe("302e020100300506032b656e04220420");
  expect(der.subarray(16).toString("base64url")).toBe(privateKey.export({ format: "jwk" }).d);
});

describe.each(PROVIDERS)("the $provider provider", ({ crypto }) => {
  test("makes a fresh key pair each time, whose public key belongs to its secret", () => {
    const [a, b] = [crypto.generateKeyPair(), crypto.generateKeyPair()];
    expect(a.secretKey).not.toEqual(b.secretKey);
    for (const { publicKey, secretKey } of [a, b]) {
      expect([publicKey.constructor, secretKey.constructor]).toEqual([Uint8Array, Uint8Array]);
      expect(keyPairFromSecret(secretKey, PROVIDERS[1]?.crypto).publicKey).toEqual(publicKey);
    }
  });

  test("draws as many random bytes as it is asked for, and never the same", () => {
    const drawn = [0, 1, 12, 32, 4_096, 5_000].map((length) => crypto.random(length));
    expect(drawn.map(({ length }) => length)).toEqual([0, 1, 12, 32, 4_096, 5_000]);
    const nonces = Array.from({ length: 2_000 }, () => toHex(crypto.random(12)));
    expect(new Set(nonces).size).toBe(2_000);
  });

  test("sees it when an array gets another key, and forgets one that was wiped", () => {
    const random = createRandom(40);
    const [ours, theirs, other] = [1, 2, 3].map(() => generateKeyPair(random, crypto));
    if (!ours || !theirs || !other) throw new Error("three keys");
    const expected = crypto.x25519(other.secretKey, theirs.publicKey);
    const secretKey = ours.secretKey.slice();
    const publicKey = other.publicKey.slice();
    expect(crypto.x25519(secretKey, publicKey)).not.toEqual(expected);
    secretKey.set(other.secretKey);
    publicKey.set(theirs.publicKey);
    expect(crypto.x25519(secretKey, publicKey)).toEqual(expected);
    wipe(secretKey);
    expect(secretKey).toEqual(new Uint8Array(32));
    expect(crypto.x25519(secretKey, publicKey)).toEqual(crypto.x25519(new Uint8Array(32), publicKey));
  });
});
