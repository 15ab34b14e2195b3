/**
 * Everything of the ratchet that takes foreign bytes: nothing throws what is not documented, hangs, grows or opens.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { Random } from "../random.ts";
import { type Counts, HostileSession } from "../ratchet/hostile-session.ts";

const BATCH_SIZE = 10_000;

export const ratchetFuzz: Campaign = {
  name: "ratchet-fuzz",
  title: "hostile messages, snapshots, keys and signatures between the messages of honest peers",
  unit: "hostile inputs",
  fullCount: 5_000_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/ratchet/src", "apps/campaign/src/ratchet"],
  run: fuzz,
};

function fuzz(seed: number, batch: number): BatchResult {
  const random = new Random(seed, batch);
  const counts: Counts = {};
  let slowestCallMs = 0;
  for (let left = BATCH_SIZE; left > 0; ) {
    const session = new HostileSession(random, counts);
    const inputs = Math.min(left, random.spread(20, 2_000));
    session.run(inputs);
    left -= inputs;
    slowestCallMs = Math.max(slowestCallMs, session.slowestCallMs);
  }
  return { counts, peaks: { slowestCallMs } };
}
