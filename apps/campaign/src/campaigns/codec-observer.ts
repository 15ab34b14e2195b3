/**
 * Captures of 10,000 Waku messages of 50 conversations: the cheap attacks of whoever sees them all fail.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { capture } from "../codec/capture.ts";
import { observe } from "../codec/observer.ts";
import { Random } from "../random.ts";

const BATCH_SIZE = 10_000;
const CONVERSATIONS = 50;

export const codecObserver: Campaign = {
  name: "codec-observer",
  title: "captures of 50 conversations, searched for names, repeats, sizes, first messages and uneven bytes",
  unit: "captured messages",
  fullCount: 100_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 1_536 * 2 ** 20,
  sources: ["packages/codec/src", "packages/ratchet/src", "apps/campaign/src/codec"],
  run: (seed, batch): BatchResult => ({
    counts: observe(capture(new Random(seed, batch), CONVERSATIONS, BATCH_SIZE)),
    peaks: {},
  }),
};
