import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeBase64url, encodeBase64url } from "../src/base64url.ts";

test("Node's Buffer writes the same text, and it comes back", () => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const text = encodeBase64url(bytes);
    expect(text).toBe(Buffer.from(bytes).toString("base64url"));
    expect(decodeBase64url(text)).toEqual(bytes);
  });
  fc.assert(property);
});

test.each([
  ["padding", "Zg=="],
  ["the characters of plain base64", "+/+/"],
  ["white space", "Zm9v YmFy"],
  ["a single character", "Z"],
  ["unused bits that are not zero, after one byte", "Zh"],
  ["unused bits that are not zero, after two bytes", "Zm9"],
])("%s is refused", (_case, text) => {
  expect(decodeBase64url(text)).toBeUndefined();
});

test("what decodes is the only text of its bytes", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const property = fc.property(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 20 }), (text) => {
    const bytes = decodeBase64url(text);
    if (bytes) expect(encodeBase64url(bytes)).toBe(text);
    else expect([1, 2, 3]).toContain(text.length % 4);
  });
  fc.assert(property, { numRuns: 300 });
});
