import { expect, test } from "@jest/globals";
import { ratchetFuzz } from "../src/campaigns/ratchet-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "no foreign bytes make the ratchet throw, hang, grow, or open what nobody sent (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(ratchetFuzz, seed, 6);
    const rejected = (counts["message.rejected"] ?? 0) / 6 / ratchetFuzz.batchSize;
    expect(rejected).toBeGreaterThan(0.5);
    // Every kind of input and of result occurred.
    expect(Object.keys(counts)).toEqual(
      expect.arrayContaining([
        ...["key", "number", "chainLength", "neighbour", "ciphertext", "splice", "garbage"].map(
          (name) => `message.${name}`,
        ),
        ...["message.opened", "snapshot.read", "snapshot.refused", "key.taken", "key.refused", "signature"],
        ...["invite.read", "invite.refused", "peer.read", "peer.refused"],
        ...["kem.keyTaken", "kem.keyRefused", "kem.ciphertextTaken", "kem.ciphertextRefused"],
        ...["honest.sent", "honest.opened", "honest.lost", "honest.repeated"],
      ]),
    );
  },
);

test("a batch is the same whenever it is run", async () => {
  const [first, second] = [await ratchetFuzz.run(7, 1), await ratchetFuzz.run(7, 1)];
  expect(second.counts).toEqual(first.counts);
});
