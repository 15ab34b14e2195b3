/**
 * The thread in which js-waku runs in virtual time: told what to simulate, it answers with what came of it.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { ChannelTraffic } from "../bandwidth/channel-traffic.ts";
import type { ChannelChatOptions } from "./channel-chat.ts";
import type { ChatCondition } from "./chat-plan.ts";
import { VirtualTime } from "./virtual-time.ts";

export type ChannelOrder =
  | {
      readonly kind: "chats";
      readonly condition: ChatCondition;
      readonly seeds: readonly number[];
      readonly options: ChannelChatOptions;
    }
  /** Seeds of the pairs: from one up to, and without, the other. */
  | { readonly kind: "traffic"; readonly loss: number; readonly from: number; readonly to: number };

// A store query of a channel that is offline, or is not answered, rejects a promise that nobody holds: the end of a Node
// process, unless its application sees to it, as this one does.
process.on("unhandledRejection", (reason) => {
  if (!(reason instanceof Error && /^(No peers available to query|store: want)/.test(reason.message))) throw reason;
});

const time = new VirtualTime();
time.install();
// Only now, so that it finds virtual time.
const world = { sdk: await import("@waku/sdk"), time };
const order = workerData as ChannelOrder;
parentPort?.postMessage(order.kind === "chats" ? await chats(order) : await traffic(order));

async function chats({ condition, seeds, options }: ChannelOrder & { readonly kind: "chats" }) {
  const { channelChat } = await import("./channel-chat.ts");
  const outcomes = [];
  for (const seed of seeds) outcomes.push(await channelChat(world, seed, condition, options));
  return outcomes;
}

async function traffic({ loss, from, to }: ChannelOrder & { readonly kind: "traffic" }): Promise<ChannelTraffic> {
  const { trafficOfChannels } = await import("../bandwidth/channel-traffic.ts");
  const sum = { written: 0, publications: 0, payloadBytes: 0, wakuBytes: 0, encryptedBytes: 0 };
  for (let seed = from; seed < to; seed += 1) {
    const pair = await trafficOfChannels(world, { seed, loss });
    sum.written += pair.written;
    sum.publications += pair.publications;
    sum.payloadBytes += pair.payloadBytes;
    sum.wakuBytes += pair.wakuBytes;
    sum.encryptedBytes += pair.encryptedBytes;
  }
  return sum;
}
