/**
 * Many people in groups of four to six, simulated on two threads.
 * @module
 */
import { extname } from "node:path";
import { askThreads } from "../threads.ts";
import type { GroupTrace } from "./group.ts";
import type { GroupOrder } from "./group-plan.ts";
import type { GroupOrders } from "./group-thread.ts";
import { mergeGroups, type Trace } from "./trace.ts";

export type PopulationOrder = Omit<GroupOrder, "seed" | "people"> & {
  readonly people: number;
  /** Of the first group; the others have the next ones. */
  readonly seed: number;
};

// Beside this file, in the sources as in the build.
const THREAD = new URL(`./group-thread${extname(import.meta.filename)}`, import.meta.url);
const GROUPS_AT_ONCE = 10;
const SMALLEST = 4;
const SIZES = 3;

export async function traceOf(order: PopulationOrder): Promise<Trace> {
  const orders = groupsOf(order);
  const chunks: GroupOrder[][] = [];
  for (let from = 0; from < orders.length; from += GROUPS_AT_ONCE) {
    chunks.push(orders.slice(from, from + GROUPS_AT_ONCE));
  }
  const traces = await askThreads<GroupOrders, readonly GroupTrace[]>(THREAD, chunks);
  return mergeGroups(traces.flat(), order.recordedMs);
}

/** The last group is smaller if need be. */
export function groupsOf({ people, seed, ...order }: PopulationOrder): GroupOrder[] {
  const groups: GroupOrder[] = [];
  for (let rest = people; rest > 0; ) {
    const size = Math.min(rest, SMALLEST + (groups.length % SIZES));
    groups.push({ ...order, seed: seed + groups.length, people: size });
    rest -= size;
  }
  return groups;
}
