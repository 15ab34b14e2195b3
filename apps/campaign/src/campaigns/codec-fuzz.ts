/**
 * Every decoder of the codec: nothing throws what is not documented, hangs, grows, or loses what it cannot read.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { type Counts, HostileDecoders } from "../codec/hostile-decoders.ts";
import { Random } from "../random.ts";

const BATCH_SIZE = 10_000;

export const codecFuzz: Campaign = {
  name: "codec-fuzz",
  title: "hostile envelopes, payloads, frames, contents, invites and safety codes through every decoder",
  unit: "hostile inputs",
  fullCount: 5_000_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/codec/src", "apps/campaign/src/codec"],
  run: fuzz,
};

function fuzz(seed: number, batch: number): BatchResult {
  const counts: Counts = {};
  const decoders = new HostileDecoders(new Random(seed, batch), counts);
  decoders.run(BATCH_SIZE);
  return { counts, peaks: { slowestCallMs: decoders.slowestCallMs } };
}
