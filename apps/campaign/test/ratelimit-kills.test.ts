import { expect, test } from "@jest/globals";
import { KILLS_PER_BATCH, ratelimitKills } from "../src/campaigns/ratelimit-kills.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "a process killed at random moments never breaks an epoch and never loses what it acknowledged (seed %i)",
  async (seed) => {
    const { counts, peaks } = await runCutDown(ratelimitKills, seed, 1);
    expect(counts).toMatchObject({ kills: KILLS_PER_BATCH });
    expect(peaks.mostMessagesInAnEpoch?.value).toBeLessThanOrEqual(20);
    // The service was used, and in more than one epoch, or nothing would be shown.
    expect(peaks.mostTransmissions?.value).toBeGreaterThan(50);
    expect(peaks.mostEpochs?.value).toBeGreaterThan(2);
  },
  60_000,
);
