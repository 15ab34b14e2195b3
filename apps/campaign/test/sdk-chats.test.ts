import { SeededRandom } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { sdkChats } from "../src/campaigns/sdk-chats.ts";
import { runChat } from "../src/chats/chat.ts";
import { planOf } from "../src/chats/plan.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

const CHATS = 12;

function plan(seed: number, batch: number) {
  const random = new SeededRandom(seed, batch);
  return planOf(random.below(2 ** 32), random);
}

test.each([1, freshSeed()])(
  "chats of two hours on bad networks and machines lose nothing, show nothing twice, and keep their order (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(sdkChats, seed, CHATS);
    expect(counts).toMatchObject({ chats: CHATS });
    expect(counts.written).toBeGreaterThan(100);
    expect(counts.shown).toBeGreaterThan(100);
  },
  60_000,
);

test("a chat of one seed is always the same", async () => {
  expect(await runChat(plan(1, 0))).toEqual(await runChat(plan(1, 0)));
});
