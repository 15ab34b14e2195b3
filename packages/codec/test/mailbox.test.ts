import { expect, test } from "@jest/globals";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { mailboxTopic } from "../src/index.ts";
import { bytes } from "./arbitraries.ts";

test("without bits everybody shares one mailbox", () => {
  expect(mailboxTopic(new Uint8Array(32), 0)).toBe("/chat/1/0/proto");
});

test.each([
  [4, 1],
  [5, 2],
  [8, 2],
  [9, 3],
  [32, 8],
])("%d bits have %d digits", (bits, digits) => {
  expect(mailboxTopic(new Uint8Array(32), bits)).toMatch(new RegExp(`^/chat/1/[0-9a-f]{${digits}}/proto$`));
});

test("the bucket is the first bits of BLAKE2b-256, by noble", () => {
  const property = fc.property(bytes(32), fc.integer({ min: 1, max: 32 }), (key, bits) => {
    const input = Uint8Array.of(...new TextEncoder().encode("chat/v1 mailbox"), ...key);
    const digest = BigInt(`0x${Buffer.from(blake2b(input, { dkLen: 32 })).toString("hex")}`);
    const bucket = (digest >> BigInt(256 - bits)).toString(16).padStart(Math.ceil(bits / 4), "0");
    expect(mailboxTopic(key, bits)).toBe(`/chat/1/${bucket}/proto`);
  });
  fc.assert(property);
});

test.each([-1, 33, 1.5, Number.NaN])("%d bits are refused", (bits) => {
  expect(() => mailboxTopic(new Uint8Array(32), bits)).toThrow(
    expect.objectContaining({ name: "CodecError", code: "INVALID_OPTION" }),
  );
});
