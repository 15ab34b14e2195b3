import { expect, test } from "@jest/globals";
import { ratchetHashFuzz } from "../src/campaigns/ratchet-hash-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "WebAssembly, @stablelib and @noble/hashes give one hash for each input (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(ratchetHashFuzz, seed, 1);
    expect(Object.keys(counts).sort()).toEqual(["blake2b", "deriveBlake2b", "hkdfBlake2b", "hkdfSha256"]);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(ratchetHashFuzz.batchSize);
  },
);
