/**
 * The worker thread in which batches run: it loads the campaign named in `workerData` and takes one batch at a time.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { BatchOrder, BatchResult } from "./campaign.ts";
import { CAMPAIGNS, type CampaignLoaders } from "./campaigns.ts";
import { messageOf, stackOf } from "./errors.ts";

/** A thrown error cannot cross the threads as it is: only its texts do. */
export type Answer =
  | { readonly kind: "done"; readonly result: BatchResult }
  | { readonly kind: "failed"; readonly message: string; readonly stack: string };

export type WorkerStart = {
  readonly campaign: string;
  /** A module that exports `CAMPAIGNS` of its own, for tests. */
  readonly registry?: string | undefined;
};

const { campaign, registry } = workerData as WorkerStart;
const loaders: CampaignLoaders = registry === undefined ? CAMPAIGNS : (await import(registry)).CAMPAIGNS;
const loaded = await loaders[campaign]?.();

parentPort?.on("message", async (order: BatchOrder) => {
  parentPort?.postMessage(await answerTo(order));
});

async function answerTo({ seed, batch, only }: BatchOrder): Promise<Answer> {
  try {
    if (loaded === undefined) throw new RangeError(`campaign: no ${campaign} here`);
    return { kind: "done", result: await loaded.run(seed, batch, only) };
  } catch (error) {
    return { kind: "failed", message: messageOf(error), stack: stackOf(error) };
  }
}
