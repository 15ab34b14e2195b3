/**
 * The hashes that the ratchet has in WebAssembly, compared with two libraries.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { CampaignError } from "../errors.ts";
import { Random } from "../random.ts";
import { hasTunedHashes, tryHash } from "../ratchet/hash-trial.ts";

const BATCH_SIZE = 50_000;

export const ratchetHashFuzz: Campaign = {
  name: "ratchet-hash-fuzz",
  title: "inputs through BLAKE2b and both HKDFs in WebAssembly, compared with @stablelib and @noble/hashes",
  unit: "inputs",
  fullCount: 10_000_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/ratchet/src/crypto", "packages/ratchet/src/wasm", "apps/campaign/src/ratchet"],
  run: fuzz,
};

function fuzz(seed: number, batch: number): BatchResult {
  if (!hasTunedHashes()) throw new CampaignError("BATCH_FAILED", "kernels: want WebAssembly, got none here");
  const random = new Random(seed, batch);
  const counts: Record<string, number> = {};
  for (let left = BATCH_SIZE; left > 0; left -= 1) {
    const hash = tryHash(random);
    counts[hash] = (counts[hash] ?? 0) + 1;
  }
  return { counts, peaks: {} };
}
