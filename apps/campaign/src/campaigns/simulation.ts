/**
 * Two people chat for two hours on a network that loses up to half of everything, and on machines that crash.
 * @module
 */

import { SeededRandom } from "@chat/sdk/testing";
import { type BatchResult, type Campaign, commandOf } from "../campaign.ts";
import { runChat } from "../chats/chat.ts";
import { type Plan, planOf } from "../chats/plan.ts";
import { smallestOf, withOnly } from "../chats/smallest.ts";

const NAME = "simulation";
const MAX_SHOWN = 5;

export const simulation: Campaign = {
  name: NAME,
  title:
    "chats of two virtual hours with loss, crashes, partitions and clocks that jump: nothing lost, twice or out of order",
  unit: "chats",
  fullCount: 10_000,
  batchSize: 1,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 2_560 * 2 ** 20,
  sources: ["packages", "apps/campaign/src/chats"],
  hasEvents: true,
  run: async (seed, batch, only): Promise<BatchResult> => {
    const plan = planOfBatch(seed, batch);
    const { findings, counts, lateSeconds } = await runChat(only === undefined ? plan : withOnly(plan, only));
    if (findings.length === 0) return { counts, peaks: {}, series: { lateSeconds } };
    const text = `${findings.length} findings: ${findings.slice(0, MAX_SHOWN).join("; ")}`;
    if (only !== undefined) throw new Error(text);
    const enough = await smallestOf(plan, (outcome) => outcome.findings.length > 0);
    const command = commandOf(NAME, { seed, batch, only: enough });
    throw new Error(`${text}\n${enough.length} of ${plan.deeds.length} events are enough for one: ${command}`);
  },
};

export function planOfBatch(seed: number, batch: number): Plan {
  const random = new SeededRandom(seed, batch);
  return planOf(random.below(2 ** 32), random);
}
