import { expect, test } from "@jest/globals";
import { ratchetX25519Fuzz } from "../src/campaigns/ratchet-x25519-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "WebAssembly, OpenSSL and @stablelib agree on one secret for each pair of keys (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(ratchetX25519Fuzz, seed, 1);
    expect(counts.openssl).toBe(ratchetX25519Fuzz.batchSize);
    expect(counts.stablelib).toBeGreaterThan(100);
    expect(counts.lowOrder).toBeGreaterThan(100);
  },
);
