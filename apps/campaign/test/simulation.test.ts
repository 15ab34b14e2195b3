import { expect, test } from "@jest/globals";
import { planOfBatch, simulation } from "../src/campaigns/simulation.ts";
import { runChat } from "../src/chats/chat.ts";
import { smallestOf, withOnly } from "../src/chats/smallest.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";

const CHATS = 12;

test.each([1, freshSeed()])(
  "chats of two hours on bad networks and machines lose nothing, show nothing twice, and keep their order (seed %i)",
  async (seed) => {
    const { counts } = await runCutDown(simulation, seed, CHATS);
    expect(counts).toMatchObject({ chats: CHATS });
    expect(counts.written).toBeGreaterThan(100);
    expect(counts.shown).toBeGreaterThan(100);
  },
  60_000,
);

test("a chat of one seed is always the same", async () => {
  const plan = planOfBatch(1, 0);
  expect(await runChat(plan)).toEqual(await runChat(plan));
});

test("of a chat that shows a fault, the few events that are enough are named, and repeat it", async () => {
  const plan = planOfBatch(1, 0);
  const isFault = ({ counts }: { readonly counts: Readonly<Record<string, number>> }) => (counts.crashes ?? 0) > 0;
  expect(isFault(await runChat(plan))).toBe(true);
  const enough = await smallestOf(plan, isFault);
  // One crash, and what leads to it: a process that has nothing to do takes no steps.
  expect(enough.filter((place) => plan.deeds[place]?.kind === "crash")).toHaveLength(1);
  for (const place of enough) {
    const others = enough.filter((other) => other !== place);
    expect(isFault(await runChat(withOnly(plan, others)))).toBe(false);
  }
  // As the command does it.
  expect((await simulation.run(1, 0, enough)).counts.crashes).toBe(1);
});
