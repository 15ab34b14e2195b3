import { expect, test } from "@jest/globals";
import { Random } from "../src/random.ts";

test("a seed and a stream repeat their numbers, other ones have others", () => {
  const first = (seed: number, stream: number) => {
    const random = new Random(seed, stream);
    return [random.word(), random.word(), random.word()].join();
  };
  const pairs = Array.from({ length: 400 }, (_, at) => [at % 20, Math.floor(at / 20)] as const);
  const starts = pairs.map(([seed, stream]) => first(seed, stream));
  expect(new Set(starts).size).toBe(pairs.length);
  expect(pairs.map(([seed, stream]) => first(seed, stream))).toEqual(starts);
});

test("ranges are reached at both ends and never left", () => {
  const random = new Random(1, 2);
  const between = Array.from({ length: 2_000 }, () => random.between(-2, 3));
  expect([Math.min(...between), Math.max(...between)]).toEqual([-2, 3]);
  const spread = Array.from({ length: 20_000 }, () => random.spread(5, 1_000));
  expect([Math.min(...spread) >= 5, Math.max(...spread) <= 1_000]).toEqual([true, true]);
  // Half of the lengths in bits lie below about the root of the largest.
  expect(spread.filter((value) => value < 5 + 32).length / spread.length).toBeCloseTo(0.5, 1);
});

test("shuffling keeps every item, bytes fill any length", () => {
  const random = new Random(3, 4);
  const items = Array.from({ length: 50 }, (_, index) => index);
  const shuffled = random.shuffle([...items]);
  expect(shuffled).not.toEqual(items);
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  for (const length of [0, 1, 3, 4, 7, 64]) expect(random.bytes(length)).toHaveLength(length);
  expect(new Set(random.bytes(5_000)).size).toBe(256);
});
