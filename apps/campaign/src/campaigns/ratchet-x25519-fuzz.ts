/**
 * The X25519 that the ratchet has in WebAssembly, compared with OpenSSL and @stablelib.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { CampaignError } from "../errors.ts";
import { Random } from "../random.ts";
import { hasTunedX25519, tryX25519 } from "../ratchet/x25519-trial.ts";

const BATCH_SIZE = 5_000;

export const ratchetX25519Fuzz: Campaign = {
  name: "ratchet-x25519-fuzz",
  title: "keys through X25519 in WebAssembly, compared with OpenSSL, and one in twenty with @stablelib",
  unit: "pairs of keys",
  fullCount: 10_000_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/ratchet/src/crypto", "packages/ratchet/src/wasm", "apps/campaign/src/ratchet"],
  run: fuzz,
};

function fuzz(seed: number, batch: number): BatchResult {
  if (!hasTunedX25519()) throw new CampaignError("BATCH_FAILED", "kernels: want WebAssembly, got none here");
  const random = new Random(seed, batch);
  const counts = { openssl: 0, stablelib: 0, lowOrder: 0 };
  for (let left = BATCH_SIZE; left > 0; left -= 1) tryX25519(random, counts);
  return { counts, peaks: {} };
}
