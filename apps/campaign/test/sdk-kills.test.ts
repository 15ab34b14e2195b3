import { expect, test } from "@jest/globals";
import { KILLS_PER_BATCH, sdkKills } from "../src/campaigns/sdk-kills.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([1, freshSeed()])(
  "two people who are killed at random moments lose nothing, see nothing twice, and their files arrive (seed %i)",
  async (seed) => {
    const { counts, series } = await runCutDown(sdkKills, seed, 1);
    expect(counts).toMatchObject({ kills: KILLS_PER_BATCH });
    expect(counts.messages).toBeGreaterThanOrEqual(4);
    expect(counts.files).toBeGreaterThanOrEqual(2);
    expect(series.recoveryMs?.length).toBeGreaterThanOrEqual(1);
  },
  120_000,
);
