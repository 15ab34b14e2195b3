import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { diffieHellman, isValidPublicKey } from "../src/index.ts";
import { PROVIDERS } from "./providers.ts";
import { fromHex, toHex } from "./vectors.ts";

/** A line for each test, whose fields are separated by spaces; the last is a comment. */
function load(name: string, fields: number): readonly (readonly string[])[] {
  const lines = readFileSync(new URL(`wycheproof/${name}.txt`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  const rows = lines.filter((line) => !line.startsWith("#")).map((line) => line.split(" ").slice(0, fields));
  if (rows.length === 0) throw new Error(`${name}: no tests`);
  return rows;
}

const bytes = (field: string | undefined) => fromHex(field === undefined || field === "-" ? "" : field);

const agreements = load("x25519", 5).map(([number, result, publicKey, secretKey, shared]) => ({
  number,
  result,
  publicKey: bytes(publicKey),
  secretKey: bytes(secretKey),
  shared: bytes(shared),
}));

const messages = load("chacha20-poly1305", 8).map(([number, result, ...fields]) => {
  const [key, nonce, associatedData, plaintext, ciphertext, tag] = fields.map(bytes);
  if (!key || !nonce || !associatedData || !plaintext || !ciphertext || !tag) throw new Error(`test ${number}: fields`);
  const sealed = Uint8Array.of(...nonce, ...ciphertext, ...tag);
  return { number, result, key, nonce, associatedData, plaintext, sealed };
});

const isZero = (secret: Uint8Array) => secret.every((byte) => byte === 0);

describe.each(PROVIDERS)("by the $provider provider", ({ crypto }) => {
  // OpenSSL refuses to give an all-zero secret. The ratchet never asks for one, see below.
  test.each(agreements.filter(({ shared }) => !isZero(shared)))("X25519, test $number", (vector) => {
    expect(toHex(crypto.x25519(vector.secretKey, vector.publicKey))).toBe(toHex(vector.shared));
  });

  // A nonce of another length cannot get there: 12 bytes are cut off.
  test.each(messages.filter(({ nonce }) => nonce.length === 12))("ChaCha20-Poly1305, test $number", (vector) => {
    const { result, key, nonce, associatedData, plaintext, sealed } = vector;
    const opened = crypto.open(key, sealed, associatedData);
    if (result === "invalid") {
      expect(opened).toBeUndefined();
      return;
    }
    expect(opened).toEqual(plaintext);
    expect(crypto.seal(key, nonce, plaintext, associatedData)).toEqual(sealed);
  });
});

test("keys with which the secret is zero, or that have a second encoding, are refused before X25519", () => {
  const refused = agreements.filter(({ publicKey }) => !isValidPublicKey(publicKey));
  expect(agreements.filter(({ shared }) => isZero(shared)).every((vector) => refused.includes(vector))).toBe(true);
  // What is refused is of the kinds that Wycheproof leaves open, too.
  expect(new Set(refused.map(({ result }) => result))).toEqual(new Set(["acceptable"]));
  for (const { secretKey, publicKey } of refused) {
    expect(() => diffieHellman(secretKey, publicKey)).toThrow(expect.objectContaining({ code: "INVALID_PUBLIC_KEY" }));
  }
});
