/**
 * Random steps with a rate limit manager and everything around it, compared after each with a reference model.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { Random } from "../random.ts";

/** Of 200 steps each. */
const BATCH_SIZE = 50;

// The model is of the package's tests, so outside of what is built here: found at run time, from sources as from the build.
const MODEL = new URL("../../../../packages/ratelimit/test/model/run-model.ts", import.meta.url);

type Model = { runModel(seed: number, runs: number): Promise<Record<string, number>> };

export const ratelimitModel: Campaign = {
  name: "ratelimit-model",
  title: "runs of 200 random steps with a rate limit manager, compared with a reference model",
  unit: "runs",
  fullCount: 10_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 300_000,
  maxResidentBytes: 1_024 * 2 ** 20,
  sources: ["packages/ratelimit/src", "packages/ratelimit/test/model", "apps/campaign/src"],
  run: runBatch,
};

async function runBatch(seed: number, batch: number): Promise<BatchResult> {
  const { runModel }: Model = await import(MODEL.href);
  return { counts: await runModel(new Random(seed, batch).below(2 ** 31), BATCH_SIZE), peaks: {} };
}
