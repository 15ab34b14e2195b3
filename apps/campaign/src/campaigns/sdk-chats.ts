/**
 * Two people chat for two hours on a network that loses up to half of everything, and on machines that crash.
 * @module
 */

import { SeededRandom } from "@chat/sdk/testing";
import type { BatchResult, Campaign } from "../campaign.ts";
import { runChat } from "../chats/chat.ts";
import { planOf } from "../chats/plan.ts";

const MAX_SHOWN = 5;

export const sdkChats: Campaign = {
  name: "sdk-chats",
  title:
    "chats of two virtual hours with loss, crashes, partitions and clocks that jump: nothing lost, twice or out of order",
  unit: "chats",
  fullCount: 1_000,
  batchSize: 1,
  threads: 2,
  batchLimitMs: 120_000,
  maxResidentBytes: 2_560 * 2 ** 20,
  sources: ["packages", "apps/campaign/src/chats"],
  run: async (seed, batch): Promise<BatchResult> => {
    const random = new SeededRandom(seed, batch);
    const { findings, counts } = await runChat(planOf(random.below(2 ** 32), random));
    if (findings.length > 0) {
      throw new Error(`${findings.length} findings: ${findings.slice(0, MAX_SHOWN).join("; ")}`);
    }
    return { counts, peaks: {} };
  },
};
