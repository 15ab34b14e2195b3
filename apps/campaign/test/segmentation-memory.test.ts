import { expect, test } from "@jest/globals";
import { ROUND_OF_BATCHES, SLACK_BYTES, segmentationMemory } from "../src/campaigns/segmentation-memory.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";
import { SCENARIOS } from "../src/memory/scenarios.ts";

test.each([
  [20_261_123, ROUND_OF_BATCHES],
  [freshSeed(), 2],
])(
  "a hostile sender with unlimited identities cannot make the process hold more than the configured bytes (seed %i)",
  async (seed, batches) => {
    const { counts, peaks } = await runCutDown(segmentationMemory, seed, batches);
    expect(peaks.peakBeyondConfiguredBytes?.value).toBeLessThanOrEqual(SLACK_BYTES);
    // The bound was nearly reached, or nothing would be shown.
    expect(peaks.peakBeyondConfiguredBytes?.value).toBeGreaterThan(-16 * 2 ** 20);
    if (batches < ROUND_OF_BATCHES) return;
    expect(Object.keys(counts)).toEqual(expect.arrayContaining(SCENARIOS.map(({ name }) => `batches.${name}`)));
    // With the default bounds as well.
    expect(peaks.peakCountedBytes?.value).toBeGreaterThan(200 * 2 ** 20);
  },
  90_000,
);
