/**
 * The thread in which our clients chat: told the conditions and seeds, it answers with what came of each.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { ChatCondition } from "./chat-plan.ts";
import { ourChat } from "./our-chat.ts";

export type OurOrder = { readonly condition: ChatCondition; readonly seeds: readonly number[] };

const { condition, seeds } = workerData as OurOrder;
const outcomes = [];
for (const seed of seeds) outcomes.push(await ourChat(seed, condition));
parentPort?.postMessage(outcomes);
