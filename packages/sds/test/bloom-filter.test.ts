import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BloomFilter, type BloomFilterOptions, SdsError } from "../src/index.ts";
import { incumbentFilter } from "./incumbent-filter.ts";

type Vector = BloomFilterOptions & { readonly ids: readonly string[]; readonly hex: string; readonly why: string };

const { cases }: { readonly cases: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("bloom-filter.vectors.json", import.meta.url), "utf8"),
);
const SMALL = { capacity: 50, errorRate: 0.01 };

const sizes = fc.record({
  capacity: fc.integer({ min: 1, max: 300 }),
  errorRate: fc.double({ min: 0.000_01, max: 0.99, noNaN: true }),
});
const texts = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9a-f]{32,64}$/)), {
  maxLength: 40,
});

describe("the same bits as @waku/sds", () => {
  test.each(cases)("vector: $why", ({ ids, hex, capacity, errorRate }) => {
    expect(toHex(new BloomFilter({ capacity, errorRate }, ids).toBytes())).toBe(hex);
    expect(toHex(incumbentFilter({ capacity, errorRate }, ids).toBytes())).toBe(hex);
  });

  test("for any ids and sizes, and each finds what the other put in", () => {
    const same = fc.property(sizes, texts, texts, (options, ids, others) => {
      const [ours, theirs] = [new BloomFilter(options, ids), incumbentFilter(options, ids)];
      expect(ours.toBytes()).toEqual(theirs.toBytes());
      for (const id of [...ids, ...others]) expect(ours.has(id)).toBe(theirs.lookup(id));
    });
    fc.assert(same, { numRuns: 100 });
  });

  test("a channel's filter of 10,000 ids has 18,752 bytes there and here", () => {
    const options = { capacity: 10_000, errorRate: 0.001 };
    expect(new BloomFilter(options).toBytes()).toEqual(incumbentFilter(options, []).toBytes());
    expect(new BloomFilter(options).toBytes()).toHaveLength(18_752);
  });
});

describe("a filter", () => {
  test("filled to its capacity errs about as rarely as it promises", () => {
    const options = { capacity: 2_000, errorRate: 0.01 };
    const filter = new BloomFilter(
      options,
      Array.from({ length: 2_000 }, (_, index) => `in ${index}`),
    );
    const errors = Array.from({ length: 20_000 }, (_, index) => filter.has(`out ${index}`)).filter(Boolean).length;
    expect(errors / 20_000).toBeGreaterThan(0.002);
    expect(errors / 20_000).toBeLessThan(0.015);
  });

  test("is read again from its bytes, which are a copy", () => {
    const filter = new BloomFilter(SMALL, ["one"]);
    const bytes = filter.toBytes();
    const again = BloomFilter.fromBytes(bytes, SMALL);
    filter.add("two");
    expect([again?.has("one"), again?.has("two"), filter.has("two")]).toEqual([true, false, true]);
    expect(again?.toBytes()).toEqual(bytes);
  });

  test("is not read from bytes of another length", () => {
    const bytes = new BloomFilter(SMALL).toBytes();
    expect(BloomFilter.fromBytes(bytes.subarray(1), SMALL)).toBeUndefined();
    expect(BloomFilter.fromBytes(new Uint8Array(), SMALL)).toBeUndefined();
    expect(BloomFilter.fromBytes(new Uint8Array(bytes.length + 8), SMALL)).toBeUndefined();
  });

  test.each([
    [{ capacity: 0, errorRate: 0.01 }, "capacity: want an integer ≥ 1"],
    [{ capacity: 1.5, errorRate: 0.01 }, "capacity: want an integer ≥ 1"],
    [{ capacity: 10, errorRate: 0 }, "errorRate: want > 0 and < 1"],
    [{ capacity: 10, errorRate: 1 }, "errorRate: want > 0 and < 1"],
    [{ capacity: 10, errorRate: Number.NaN }, "errorRate: want > 0 and < 1"],
    [{ capacity: 100_000_000, errorRate: 0.001 }, "capacity: want ≤ 14316557 at this error rate"],
  ])("of %j is refused", (options, message) => {
    expect(() => new BloomFilter(options)).toThrow(message);
    expect(() => new BloomFilter(options)).toThrow(SdsError);
  });
});

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
