import { expect, test } from "@jest/globals";
import { segmentationFuzz } from "../src/campaigns/segmentation-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "mutated segments never make a Reassembler throw, hang or grow (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(segmentationFuzz, seed, 3);
    const mutated = Object.entries(counts).filter(([name]) => name.startsWith("mutated."));
    expect(mutated.reduce((sum, [, count]) => sum + count, 0)).toBe(3 * segmentationFuzz.batchSize);
    // Every kind of world, of mutation and of result occurred.
    expect(Object.keys(counts)).toEqual(
      expect.arrayContaining([
        ...["worlds.guarded", "worlds.open", "worlds.poisoned", "roundTrips", "guarded.whole", "honest.complete"],
        ...["fields", "records", "damage", "splice", "disagree", "replay", "forge", "invent", "garbage"].map(
          (name) => `mutated.${name}`,
        ),
        ...["complete", "pending", "undecodable", "invalid", "oversized", "duplicate", "mismatch"].map(
          (name) => `outcome.${name}`,
        ),
      ]),
    );
  },
);

test("a batch is the same whenever it is run", async () => {
  const [first, second] = [await segmentationFuzz.run(7, 1), await segmentationFuzz.run(7, 1)];
  expect(second.counts).toEqual(first.counts);
  expect((await segmentationFuzz.run(7, 2)).counts).not.toEqual(first.counts);
});
