import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fieldFor, fieldOf } from "../../src/erasure/field.ts";
import { SegmentationError } from "../../src/erasure.ts";
import { loadLeopardVectors } from "./leopard-vectors.ts";

describe.each([8, 16] as const)("the field of %d bits", (bits) => {
  const field = fieldOf(bits);
  const element = fc.integer({ min: 0, max: field.modulus });
  const nonZero = fc.integer({ min: 1, max: field.modulus });

  test("obeys the laws of a field", () => {
    const laws = fc.property(element, element, element, (a, b, c) => {
      expect(field.multiply(a, b)).toBe(field.multiply(b, a));
      expect(field.multiply(a, field.multiply(b, c))).toBe(field.multiply(field.multiply(a, b), c));
      expect(field.multiply(a, b ^ c)).toBe(field.multiply(a, b) ^ field.multiply(a, c));
      expect(field.multiply(a, 1)).toBe(a);
      expect(field.multiply(a, 0)).toBe(0);
    });
    fc.assert(laws);
  });

  test("an element times its inverse is 1", () => {
    const inverse = fc.property(nonZero, (a) => expect(field.multiply(a, field.inverse(a))).toBe(1));
    fc.assert(inverse);
  });

  test("is written in a Cantor basis: the square of x plus x is x >> 1", () => {
    const cantor = fc.property(element, (x) => expect(field.multiply(x, x) ^ x).toBe(x >> 1));
    fc.assert(cantor);
  });

  test("has its smaller fields in its first bits", () => {
    for (let size = 2; size < bits; size *= 2) {
      const small = fc.integer({ min: 0, max: 2 ** size - 1 });
      const closed = fc.property(small, small, (a, b) => expect(field.multiply(a, b)).toBeLessThan(2 ** size));
      fc.assert(closed);
    }
  });
});

test("the field is chosen as the vectors say", () => {
  const { vectors, digests } = loadLeopardVectors();
  for (const { k, m, path } of [...vectors, ...digests]) {
    const scheme = fieldFor(k, m);
    expect({ k, m, path: typeof scheme === "string" ? scheme : `ff${scheme.bits}` }).toEqual({ k, m, path });
  }
});

test.each([
  { data: 0, parity: 0, message: "data shards: want an integer >= 1, got 0" },
  { data: 1.5, parity: 1, message: "data shards: want an integer >= 1, got 1.5" },
  { data: 3, parity: 0, message: "parity shards: want 1 to 3, got 0" },
  { data: 3, parity: 4, message: "parity shards: want 1 to 3, got 4" },
  { data: 65_536, parity: 1, message: "shards: want at most 65536 places, got 131072 for 65536 + 1" },
  { data: 32_769, parity: 32_768, message: "shards: want at most 65536 places, got 131072 for 32769 + 32768" },
])("a code of $data + $parity shards is refused", ({ data, parity, message }) => {
  expect(() => fieldFor(data, parity)).toThrow(new SegmentationError("INVALID_OPTION", message));
});
