import { checkMessage, type Message } from "../src/message.ts";
import { pubsubTopics } from "../src/network.ts";

export const NETWORK = { clusterId: 42, shards: 8 };
export const TOPICS: ReadonlySet<string> = new Set(pubsubTopics(NETWORK));
export const NOW_MS = 1_800_000_000_000;

/** An accepted message; `ageMs` before {@link NOW_MS}. */
export function messageWith({
  ageMs = 0,
  contentTopic = "/test/1/a/proto",
  text = "",
  shard = 0,
  payload = bytesOf(text),
}): Message {
  const timestamp = BigInt(NOW_MS - ageMs) * 1_000_000n;
  const checked = checkMessage(`/waku/2/rs/42/${shard}`, { payload, contentTopic, timestamp }, TOPICS, NOW_MS);
  if (checked.kind === "refused") throw new Error(checked.detail);
  return checked.message;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
