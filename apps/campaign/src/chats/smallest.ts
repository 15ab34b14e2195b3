/**
 * Of a chat that shows a fault, the few events that are enough for one.
 * @module
 */
import { shrink } from "@chat/sdk/testing";
import { type Outcome, runChat } from "./chat.ts";
import type { Plan } from "./plan.ts";

/** Some half a minute at most; each is shorter than the one before. */
const MAX_RUNS = 150;

/** The plan with nothing but these of its events, by their places. */
export function withOnly(plan: Plan, places: readonly number[]): Plan {
  return { ...plan, deeds: plan.deeds.filter((_, place) => places.includes(place)) };
}

/**
 * @param isFault - what is looked for in how a chat ends
 * @returns places of events
 */
export function smallestOf(plan: Plan, isFault: (outcome: Outcome) => boolean): Promise<readonly number[]> {
  const fails = async (places: readonly number[]) => isFault(await runChat(withOnly(plan, places)));
  return shrink([...plan.deeds.keys()], fails, { maxRuns: MAX_RUNS });
}
