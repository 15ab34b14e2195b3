import { expect, test } from "@jest/globals";
import { soak } from "../src/campaigns/sdk-soak.ts";
import { freshSeed } from "../src/cut-down.ts";

test.each([1, freshSeed()])(
  "two people over real sockets lose nothing, and their processes are measured (seed %i)",
  async (seed) => {
    const { counts, series } = await soak(seed, 0, 4_000);
    expect(counts.messages).toBeGreaterThanOrEqual(4);
    expect(counts.files).toBeGreaterThanOrEqual(2);
    expect(Math.min(...(series?.["node.residentBytes"] ?? [0]))).toBeGreaterThan(0);
  },
  120_000,
);
