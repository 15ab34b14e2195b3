/**
 * The chats of both sides under one condition, each side in threads of its own.
 * @module
 */
import { extname } from "node:path";
import { askThreads } from "../threads.ts";
import type { ChannelChatOptions } from "./channel-chat.ts";
import type { ChannelOrder } from "./channel-thread.ts";
import type { ChatOutcome } from "./chat-outcome.ts";
import type { ChatCondition } from "./chat-plan.ts";
import type { OurOrder } from "./our-thread.ts";

// Beside this file, in the sources as in the build.
const EXTENSION = extname(import.meta.filename);
const OUR_THREAD = new URL(`./our-thread${EXTENSION}`, import.meta.url);
const CHANNEL_THREAD = new URL(`./channel-thread${EXTENSION}`, import.meta.url);
const CHATS_AT_ONCE = 5;

/** @param seeds - 1 to this */
export async function ourChats(condition: ChatCondition, seeds: number): Promise<readonly ChatOutcome[]> {
  const orders = partsOf(seeds).map((part): OurOrder => ({ condition, seeds: part }));
  return (await askThreads<OurOrder, ChatOutcome[]>(OUR_THREAD, orders)).flat();
}

export async function channelChats(
  condition: ChatCondition,
  seeds: number,
  options: ChannelChatOptions = {},
): Promise<readonly ChatOutcome[]> {
  const orders = partsOf(seeds).map((part): ChannelOrder => ({ kind: "chats", condition, seeds: part, options }));
  return (await askThreads<ChannelOrder, ChatOutcome[]>(CHANNEL_THREAD, orders)).flat();
}

function partsOf(seeds: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(seeds / CHATS_AT_ONCE) }, (_, part) =>
    Array.from({ length: Math.min(CHATS_AT_ONCE, seeds - part * CHATS_AT_ONCE) }, (_seed, index) => {
      return 1 + part * CHATS_AT_ONCE + index;
    }),
  );
}
