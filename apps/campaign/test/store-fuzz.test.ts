import { expect, test } from "@jest/globals";
import { storeFuzz } from "../src/campaigns/store-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";
import { MUTATIONS } from "../src/store/hostile-files.ts";

test.each([20_261_123, freshSeed()])(
  "no hostile database file ends the process, hangs, or reads as what was never put there (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(storeFuzz, seed, 3);
    // Every kind of file occurred, and of most some were read and some refused.
    expect(Object.keys(counts)).toEqual(expect.arrayContaining(Object.keys(MUTATIONS).map((name) => `files.${name}`)));
    const refused = Object.keys(MUTATIONS).filter((name) => (counts[`${name}.CORRUPT`] ?? 0) > 0);
    expect(refused.length).toBeGreaterThan(7);
    const read = Object.keys(MUTATIONS).filter((name) => (counts[`${name}.read`] ?? 0) > 0);
    expect(read.length).toBeGreaterThan(7);
  },
  60_000,
);

test("a batch is the same whenever it is run", async () => {
  const [first, second] = [await storeFuzz.run(7, 1), await storeFuzz.run(7, 1)];
  expect(second.counts).toEqual(first.counts);
});
