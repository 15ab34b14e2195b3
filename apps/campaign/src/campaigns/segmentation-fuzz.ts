/**
 * Millions of mutated segments against one rule: nothing that arrives makes the Reassembler throw, hang, grow beyond
 * its bounds or say something untrue.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { runCrowd } from "../fuzz/crowd.ts";
import { runDurableWorld } from "../fuzz/durable-world.ts";
import { WireWriter } from "../fuzz/wire-writer.ts";
import { type Counts, World } from "../fuzz/world.ts";
import { Random } from "../random.ts";

const BATCH_SIZE = 10_000;

export const segmentationFuzz: Campaign = {
  name: "segmentation-fuzz",
  title: "mutated segments through Reassembler.accept, each result checked against an account of its own",
  unit: "mutated segments",
  fullCount: 5_000_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/segmentation/src", "apps/campaign/src"],
  run: fuzz,
};

async function fuzz(seed: number, batch: number): Promise<BatchResult> {
  const random = new Random(seed, batch);
  const writer = new WireWriter();
  const counts: Counts = {};
  let slowestCallMs = 0;
  let peakBufferedBytes = 0;
  for (let left = BATCH_SIZE; left > 0; ) {
    const world = new World(random, writer, counts);
    const mutations = Math.min(left, random.spread(20, 1_500));
    world.run(mutations);
    left -= mutations;
    slowestCallMs = Math.max(slowestCallMs, world.slowestCallMs);
    peakBufferedBytes = Math.max(peakBufferedBytes, world.peakBufferedBytes);
  }
  await runDurableWorld(random, writer, counts);
  const crowd = runCrowd(random, writer);
  slowestCallMs = Math.max(slowestCallMs, crowd.slowestCallMs);
  return { counts, peaks: { slowestCallMs, peakBufferedBytes, msPerForgedKb: crowd.msPerKb } };
}
