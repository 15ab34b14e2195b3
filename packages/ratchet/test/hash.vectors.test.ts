import { hkdfSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { blake2bDerive, hkdfBlake2b, hkdfSha256 } from "../src/hash.ts";
import { LIBCHAT, messageKey, nextChain, open, PRIVATE1, rootStep, seal } from "../src/suite.ts";
import { PROVIDERS } from "./providers.ts";
import { fromHex, loadVectors, toHex } from "./vectors.ts";

const { kdf, aead, inbox_id } = loadVectors();

describe.each(PROVIDERS)("by the $provider provider", ({ crypto }) => {
  test.each(kdf.kdf_root)("KDF_RK with $info", (vector) => {
    const suite = [PRIVATE1, LIBCHAT].find(({ rootInfo }) => rootInfo === vector.info) ?? PRIVATE1;
    const dhOutput = fromHex(vector.dh);
    const { rootKey, chain } = rootStep(crypto, suite, fromHex(vector.root), dhOutput);
    expect([suite.rootInfo, toHex(rootKey), toHex(chain)]).toEqual([vector.info, vector.new_root, vector.chain]);
    expect(dhOutput).toEqual(new Uint8Array(32));
  });

  test.each(kdf.kdf_chain)("KDF_CK of $chain", (vector) => {
    const chain = fromHex(vector.chain);
    expect([toHex(messageKey(crypto, chain)), toHex(nextChain(crypto, chain))]).toEqual([
      vector.message_key,
      vector.next_chain,
    ]);
  });

  test.each(kdf.kdf_mk)("KDF_MK of $message_key", (vector) => {
    expect(toHex(hkdfSha256(fromHex(vector.message_key), PRIVATE1.messageInfo ?? "", 32, crypto))).toBe(
      vector.aead_key,
    );
  });

  test.each(kdf.blake2b_mac)("keyed BLAKE2b with personal '$personal'", (vector) => {
    expect(toHex(blake2bDerive(fromHex(vector.key), vector.personal, vector.length, crypto))).toBe(vector.out);
  });

  test.each(kdf.frame_id)("frame id of '$bytes'", (vector) => {
    expect(toHex(crypto.blake2b(16, fromHex(vector.bytes)))).toBe(vector.frame_id);
  });

  test.each(inbox_id)("BLAKE2b-512 of $public", (vector) => {
    expect(toHex(crypto.blake2b(64, fromHex(vector.public)))).toBe(vector.inbox_id);
  });

  // The libchat suite uses the message key itself, so its AEAD is plain ChaCha20-Poly1305.
  test.each(aead)("ChaCha20-Poly1305 with nonce $nonce, plaintext '$plaintext'", (vector) => {
    const [key, nonce, aad, plaintext] = [vector.key, vector.nonce, vector.aad, vector.plaintext].map(fromHex);
    if (!key || !nonce || !aad || !plaintext) throw new Error("incomplete vector");
    const ciphertext = seal(crypto, LIBCHAT, key, nonce, plaintext, aad);
    expect(toHex(ciphertext)).toBe(vector.nonce + vector.sealed);
    expect(open(crypto, LIBCHAT, key, ciphertext, aad)).toEqual(plaintext);
    expect(open(crypto, LIBCHAT, key, ciphertext, Uint8Array.of(...aad, 0))).toBeUndefined();
  });

  test("HKDF-BLAKE2b over more than one block", () => {
    const { salt, ikm, info, length, okm } = kdf.hkdf_blake2b_long;
    expect(toHex(hkdfBlake2b(fromHex(salt), fromHex(ikm), info, length, crypto))).toBe(okm);
  });

  test("node:crypto agrees on every HKDF", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 160 });
    const label = fc.string({ unit: "binary-ascii", maxLength: 40 });
    const property = fc.property(bytes, bytes, label, fc.integer({ min: 1, max: 200 }), (salt, ikm, info, length) => {
      const expected = (digest: string, salted: Uint8Array) =>
        toHex(new Uint8Array(hkdfSync(digest, ikm, salted, info, length)));
      expect(toHex(hkdfBlake2b(salt, ikm, info, length, crypto))).toBe(expected("blake2b512", salt));
      expect(toHex(hkdfSha256(ikm, info, length, crypto))).toBe(expected("sha256", new Uint8Array(0)));
    });
    fc.assert(property, { numRuns: 50 });
  });
});
