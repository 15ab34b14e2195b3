import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { paddedLength } from "../src/index.ts";
import { largestPayloadPaddedWithin, pad, unpad } from "../src/padding.ts";

const lengths = fc.oneof(fc.nat({ max: 2_000 }), fc.nat({ max: 5_000_000 }));

test.each([
  [0, 384],
  [380, 384],
  [381, 768],
  [764, 768],
  [765, 1_536],
  [1_532, 1_536],
  // Padmé from here: 11 bits, of which it keeps the first 5, so steps of 64.
  [1_533, 1_600],
  [1_596, 1_600],
  [1_597, 1_664],
  [2_044, 2_048],
  [2_045, 2_176],
  [150_000, 151_552],
])("a payload of %d bytes is padded to %d", (payload, padded) => {
  expect(paddedLength(payload)).toBe(padded);
});

test("padding adds at most 12 % to a payload that is not small, and longer payloads never look shorter", () => {
  const property = fc.property(lengths, (length) => {
    expect(paddedLength(length)).toBeGreaterThanOrEqual(4 + length);
    expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(paddedLength(length));
    if (length > 1_532) expect(paddedLength(length)).toBeLessThanOrEqual((4 + length) * 1.12);
  });
  fc.assert(property, { numRuns: 500 });
});

test("the largest payload within a limit fills its class, and one byte more does not fit", () => {
  const property = fc.property(lengths, (limit) => {
    const largest = largestPayloadPaddedWithin(limit);
    if (largest === undefined) return expect(limit).toBeLessThan(384);
    expect(paddedLength(largest)).toBe(4 + largest);
    expect(paddedLength(largest)).toBeLessThanOrEqual(limit);
    expect(paddedLength(largest + 1)).toBeGreaterThan(limit);
  });
  fc.assert(property, { numRuns: 500 });
});

test("what is padded comes back", () => {
  const property = fc.property(fc.uint8Array({ maxLength: 2_000 }), (payload) => {
    const padded = pad(payload);
    expect(padded).toHaveLength(paddedLength(payload.length));
    expect(unpad(padded)).toEqual(payload);
  });
  fc.assert(property);
});

test("filler that is not zero is refused wherever it is", () => {
  const property = fc.property(
    fc.nat({ max: 200 }),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    (length, at, value) => {
      const padded = pad(new Uint8Array(length).fill(5));
      padded[4 + length + (at % (380 - length))] = value;
      expect(unpad(padded)).toBeUndefined();
    },
  );
  fc.assert(property);
});

test.each([
  ["one more than there is", 381],
  ["four gigabytes", 0xffffffff],
])("a length of %s is refused", (_case, length) => {
  const padded = pad(new Uint8Array(10));
  new DataView(padded.buffer).setUint32(0, length);
  expect(unpad(padded)).toBeUndefined();
});

test("fewer bytes than a length are refused", () => {
  expect(unpad(new Uint8Array(3))).toBeUndefined();
});
