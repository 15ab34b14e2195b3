/**
 * The thread that simulates some groups: told which, it answers with their traces.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { type GroupTrace, simulateGroup } from "./group.ts";
import type { GroupOrder } from "./group-plan.ts";

export type GroupOrders = readonly GroupOrder[];

const traces: GroupTrace[] = [];
for (const order of workerData as GroupOrders) traces.push(await simulateGroup(order));
parentPort?.postMessage(traces);
