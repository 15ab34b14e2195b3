import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fieldOf } from "../../src/erasure/field.ts";
import { checksOf } from "../../src/poisoning/checks.ts";
import { Effort } from "../../src/poisoning/effort.ts";
import { measure } from "../../src/poisoning/measurement.ts";
import { drawFrom } from "../../src/poisoning/random.ts";
import { Sketcher } from "../../src/poisoning/sketch.ts";
import { candidatesOf, codewordOf, Dice } from "./forged-set.ts";

const BITS = [8, 16] as const;

test.each(BITS)(
  "%i bits: what adds up in shards adds up in sketches, and one changed byte shows in three columns",
  (bits) => {
    const property = fc.property(fc.integer(), fc.nat(1_023), fc.integer({ min: 1, max: 255 }), (seed, at, by) => {
      const dice = new Dice(seed);
      const sketcher = new Sketcher(fieldOf(bits), 1_024, 48, drawFrom(dice.bytes(16)));
      const [a, b] = [dice.bytes(1_024), dice.bytes(1_024)];
      const sum = a.map((byte, index) => byte ^ (b[index] ?? 0));
      const [inA, inB] = [sketcher.sketch(a), sketcher.sketch(b)];
      expect(sketcher.sketch(sum)).toEqual(inA.map((symbol, index) => symbol ^ (inB[index] ?? 0)));
      const changed = a.map((byte, index) => (index === at ? byte ^ by : byte));
      expect(sketcher.sketch(changed).filter((symbol, index) => symbol !== inA[index])).toHaveLength(3);
    });
    fc.assert(property, { numRuns: 50 });
  },
);

test.each(BITS)("%i bits: a small shard is its own sketch, and what is missing of it counts as zeros", (bits) => {
  const sketcher = new Sketcher(fieldOf(bits), 64, 100, drawFrom(new Uint8Array(16)));
  const shard = Uint8Array.from({ length: 64 }, (_, index) => (index < 40 ? index + 1 : 0));
  const bytes = [...shard];
  const symbols = bits === 8 ? bytes : bytes.slice(0, 32).map((low, index) => low | ((bytes[index + 32] ?? 0) << 8));
  expect([...sketcher.sketch(shard)]).toEqual(symbols);
  expect([...sketcher.sketch(shard.subarray(0, 40))]).toEqual(symbols);
});

test("true shards have no syndromes, whichever of them are held", () => {
  const counts = fc.constantFrom([1, 1], [9, 1], [24, 3], [112, 16], [240, 16], [227, 29], [200, 56], [700, 99]);
  const property = fc.property(
    counts,
    fc.integer(),
    fc.double({ min: 0, max: 1, noNaN: true }),
    ([k, m], seed, rate) => {
      const dice = new Dice(seed);
      const shape = { dataCount: k ?? 1, parityCount: m ?? 1, shardSize: 64 };
      const candidates = candidatesOf(codewordOf(shape, dice, 1 + dice.below(64)));
      for (const lost of dice.some(Math.floor(rate * shape.parityCount), candidates.size)) candidates.delete(lost);
      const checks = checksOf(shape.dataCount, shape.parityCount, 64, [...candidates.keys()], new Effort(2 ** 31));
      expect(checks.rows).toBe(candidates.size - shape.dataCount);
      const { syndromes } = measure(checks, candidates, 100, drawFrom(dice.bytes(16)));
      expect(syndromes.flatMap((syndrome) => [...syndrome]).filter((symbol) => symbol !== 0)).toEqual([]);
    },
  );
  fc.assert(property, { numRuns: 30 });
});
