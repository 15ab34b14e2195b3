/**
 * A case on nodes that stay up between its rounds.
 * @module
 */
import type { Sides } from "../case.ts";
import { Owned } from "../e2e/owned.ts";
import { type NodeOptions, type ServiceNodes, startGoWaku, startOurs } from "./service-nodes.ts";

export const PEER = "go-waku";
/** Of preparing and of each round: the first case of all may have to build go-waku. Each load has its own on top. */
export const CASE_LIMIT_MS = 15 * 60_000;

export async function bothSides(
  options: Readonly<Record<"ours" | "theirs", NodeOptions>>,
  measure: (nodes: ServiceNodes, owned: Owned) => Promise<number>,
): Promise<Sides> {
  const owned = new Owned();
  try {
    const theirs = owned.use(await startGoWaku(options.theirs));
    const ours = owned.use(await startOurs(options.ours));
    return {
      ours: () => measure(ours, owned),
      theirs: () => measure(theirs, owned),
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}
