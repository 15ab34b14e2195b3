import { expect, test } from "@jest/globals";
import { codecFuzz } from "../src/campaigns/codec-fuzz.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

test.each([20_261_123, freshSeed()])(
  "no foreign bytes make a decoder of the codec throw, hang, grow, or lose what it cannot read (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(codecFuzz, seed, 4);
    // Every kind of result occurred.
    expect(Object.keys(counts)).toEqual(
      expect.arrayContaining([
        ...["frame.malformed", "frame.unknown", "frame.content", "frame.renewal"],
        ...["text", "file", "reply", "reaction", "edit", "delete", "readReceipt", "typing", "json"].map(
          (kind) => `content.${kind}`,
        ),
        ...["unknown-type", "newer-version", "malformed", "unreadable"].map((reason) => `content.${reason}`),
        ...["envelope.malformed", "envelope.closed", "envelope.newerVersion", "envelope.opened"],
        ...["sealed.malformed", "sealed.unsupported", "sealed.ratchet", "sealed.handshake"],
        ...["invite.refused", "invite.classical", "invite.hybrid"],
        ...["safety.match", "safety.mismatch", "safety.unreadable", "text.cleaned"],
      ]),
    );
  },
);

test("a batch is the same whenever it is run", async () => {
  const [first, second] = [await codecFuzz.run(7, 1), await codecFuzz.run(7, 1)];
  expect(second.counts).toEqual(first.counts);
});
