/** What a failing simulation is reduced to. */
import { shrink } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import fc from "fast-check";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test("what is enough is left, in its order, whichever it is", async () => {
  const cases = fc.uniqueArray(fc.nat(99), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cases, async (needed) => {
      const left = await shrink(numbers(100), async (some) => needed.every((item) => some.includes(item)));
      expect(left).toEqual(needed.toSorted((a, b) => a - b));
    }),
    { seed: 1 },
  );
});

test("where nothing is monotone, leaving out any one of what is left makes it pass", async () => {
  const cases = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 7 }), fc.nat(6));
  await fc.assert(
    fc.asyncProperty(cases, async ([count, divisor, remainder]) => {
      const fails = async (some: readonly number[]) =>
        some.length === count || some.reduce((sum, item) => sum + item, 0) % divisor === remainder % divisor;
      const left = await shrink(numbers(count), fails);
      expect(await fails(left)).toBe(true);
      for (const [index] of left.entries()) expect(await fails(left.toSpliced(index, 1))).toBe(false);
    }),
    { seed: 1 },
  );
});

test("it ends after so many runs, with what it has found until then", async () => {
  let runs = 0;
  const fails = async (some: readonly number[]) => {
    runs += 1;
    return some.includes(7) && some.includes(70);
  };
  const left = await shrink(numbers(100), fails, { maxRuns: 5 });
  expect(runs).toBe(5);
  expect(left.length).toBeLessThan(100);
  expect(await fails(left)).toBe(true);
});
