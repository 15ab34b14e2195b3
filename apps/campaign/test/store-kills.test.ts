import { expect, test } from "@jest/globals";
import { KILLS_PER_BATCH, storeKills } from "../src/campaigns/store-kills.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "a database whose process is killed at random moments has all that was acknowledged, and nothing half (seed %i)",
  async (seed) => {
    const { counts, peaks } = await runCutDown(storeKills, seed, 2);
    expect(counts).toMatchObject({ "kills.oneFile": KILLS_PER_BATCH, "kills.twoFiles": KILLS_PER_BATCH });
    // Most kills hit a process that was writing, or nothing would be shown.
    expect(peaks.killsWhileWriting?.value).toBeGreaterThan(KILLS_PER_BATCH / 2);
    expect(peaks.mostTransactions?.value).toBeGreaterThan(50);
    expect(peaks.mostKeyChanges?.value).toBeGreaterThan(2);
  },
  60_000,
);
