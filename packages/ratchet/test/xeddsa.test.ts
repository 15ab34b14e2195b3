import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { generateKeyPair, signXeddsa, verifyXeddsa } from "../src/index.ts";
import { PROVIDERS } from "./providers.ts";
import { createRandom } from "./random.ts";
import { fromHex, loadVectors, toHex } from "./vectors.ts";

const { xeddsa, intro_bundle } = loadVectors();

describe("vectors", () => {
  test.each(xeddsa.sign)("signature over '$message' by $public", (vector) => {
    const [publicKey, message] = [fromHex(vector.public), fromHex(vector.message)];
    const signature = signXeddsa(fromHex(vector.private), message, () => fromHex(vector.Z));
    expect(toHex(signature)).toBe(vector.signature);
    expect(verifyXeddsa(publicKey, message, signature)).toBe(true);
    // Their nonces differ from the specification's, which no verifier can see; libsignal's sign bit it can.
    expect(verifyXeddsa(publicKey, message, fromHex(vector.signature_xeddsa_crate_1_0_2))).toBe(true);
    expect(verifyXeddsa(publicKey, message, fromHex(vector.libsignal_signature))).toBe(
      vector.libsignal_signature_valid_under_spec,
    );
  });

  test.each(xeddsa.sign)("libsignal's signature over '$message' by $public, in its own mode", (vector) => {
    const [publicKey, message] = [fromHex(vector.public), fromHex(vector.message)];
    const libsignals = fromHex(vector.libsignal_signature);
    for (const { crypto } of PROVIDERS) {
      const options = { signBit: "libsignal", crypto } as const;
      expect(verifyXeddsa(publicKey, message, libsignals, options)).toBe(true);
      expect(verifyXeddsa(publicKey, message, fromHex(vector.signature), options)).toBe(true);
      // The sign is read, not masked: with the other one it is a signature by another point.
      const other = libsignals.slice();
      other[63] = (other[63] ?? 0) ^ 0x80;
      expect(verifyXeddsa(publicKey, message, other, options)).toBe(false);
    }
  });

  test.each(xeddsa.verify_negative)("refused: $case", (vector) => {
    for (const { crypto } of PROVIDERS) {
      const [publicKey, message, signature] = [vector.public, vector.message, vector.signature].map(fromHex);
      if (!publicKey || !message || !signature) throw new Error("incomplete vector");
      expect(verifyXeddsa(publicKey, message, signature, { crypto })).toBe(false);
    }
  });

  test("signature of the introduction bundle", () => {
    const message = fromHex(intro_bundle.signed_message);
    const signature = signXeddsa(fromHex(intro_bundle.installation_private), message, () => fromHex(intro_bundle.Z));
    expect(toHex(signature)).toBe(intro_bundle.signature);
  });
});

const signed = fc
  .record({ seed: fc.integer(), message: fc.uint8Array({ maxLength: 200 }) })
  .map(({ seed, message }) => {
    const random = createRandom(seed);
    const { publicKey, secretKey } = generateKeyPair(random);
    return { publicKey, message, signature: signXeddsa(secretKey, message, random) };
  });

test("Node's Ed25519 accepts every signature for the Edwards form of the key", () => {
  const property = fc.property(signed, ({ publicKey, message, signature }) => {
    const x = Buffer.from(edwardsForm(publicKey)).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(nodeVerify(null, message, key, signature)).toBe(true);
    expect(verifyXeddsa(publicKey, message, signature)).toBe(true);
  });
  fc.assert(property, { numRuns: 25 });
});

test("one flipped bit anywhere makes a signature invalid", () => {
  const property = fc.property(signed, fc.nat(), fc.nat({ max: 7 }), ({ publicKey, message, signature }, at, bit) => {
    const all = Uint8Array.of(...publicKey, ...signature, ...message);
    const index = at % all.length;
    all[index] = (all[index] ?? 0) ^ (1 << bit);
    expect(verifyXeddsa(all.slice(0, 32), all.slice(96), all.slice(32, 96))).toBe(false);
  });
  fc.assert(property, { numRuns: 50 });
});

test("random bytes are never a signature and never an exception", () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 70 });
  fc.assert(
    fc.property(bytes, bytes, bytes, (key, message, signature) => {
      expect(verifyXeddsa(key, message, signature)).toBe(false);
    }),
  );
});

/** y = (u - 1) / (u + 1) with sign bit 0, in plain BigInt. */
function edwardsForm(publicKey: Uint8Array): Uint8Array {
  const p = 2n ** 255n - 19n;
  const u = BigInt(`0x${toHex(publicKey.slice().reverse())}`);
  const y = ((u - 1n) * power(u + 1n, p - 2n, p)) % p;
  return fromHex(y.toString(16).padStart(64, "0")).reverse();
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}
