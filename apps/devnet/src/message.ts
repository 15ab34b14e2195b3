/**
 * A Waku message as the service node carries it: checked once, hashed once, encoded once.
 * Spec: 14/WAKU2-MESSAGE, "Deterministic message hashing".
 * @module
 */
import { createHash } from "node:crypto";
import { proto_message } from "@waku/proto";
import type { DropReason } from "./counters.ts";
import { isTimely, MAX_MESSAGE_BYTES } from "./network.ts";

export type WireMessage = proto_message.WakuMessage;

/** A message that passed every check. `bytes` is its protobuf, at most 153,600 bytes; `hash` has 32. */
export type Message = {
  readonly hash: Uint8Array;
  readonly pubsubTopic: string;
  readonly contentTopic: string;
  readonly timestampNs: bigint;
  readonly ephemeral: boolean;
  readonly wire: WireMessage;
  readonly bytes: Uint8Array;
};

export type Checked =
  | { readonly kind: "accepted"; readonly message: Message }
  | { readonly kind: "refused"; readonly reason: DropReason; readonly detail: string };

/** Spec: 14/WAKU2-MESSAGE, "Payloads". */
const MAX_META_BYTES = 64;

/** Decides whether a message may enter the network. A message without timestamp gets `nowMs`, before it is hashed. */
export function checkMessage(
  pubsubTopic: string,
  received: WireMessage,
  knownTopics: ReadonlySet<string>,
  nowMs: number,
): Checked {
  if (!knownTopics.has(pubsubTopic)) {
    return refused("unsupported-topic", `pubsub topic: want a shard of this network, got ${quote(pubsubTopic)}`);
  }
  if (received.contentTopic === "") return refused("malformed", "content topic: want at least one character, got none");
  const metaBytes = received.meta?.length ?? 0;
  if (metaBytes > MAX_META_BYTES) {
    return refused("malformed", `meta: want at most ${MAX_META_BYTES} bytes, got ${metaBytes}`);
  }
  const timestampNs = received.timestamp || BigInt(nowMs) * 1_000_000n;
  const wire = { ...received, timestamp: timestampNs };
  const bytes = proto_message.WakuMessage.encode(wire);
  if (bytes.length > MAX_MESSAGE_BYTES) {
    return refused("too-large", `message: want at most ${MAX_MESSAGE_BYTES} bytes, got ${bytes.length}`);
  }
  if (!isTimely(timestampNs, nowMs)) {
    return refused("bad-timestamp", `timestamp: want close to ${nowMs} ms, got ${timestampNs / 1_000_000n} ms`);
  }
  const { contentTopic, ephemeral = false } = wire;
  const hash = hashOf(pubsubTopic, wire);
  return { kind: "accepted", message: { hash, pubsubTopic, contentTopic, timestampNs, ephemeral, wire, bytes } };
}

/** The message in `bytes`, or undefined when they are no message. */
export function decodeMessage(bytes: Uint8Array): WireMessage | undefined {
  try {
    return proto_message.WakuMessage.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Spec: 14/WAKU2-MESSAGE, "Deterministic message hashing". */
function hashOf(pubsubTopic: string, { payload, contentTopic, meta, timestamp = 0n }: WireMessage): Uint8Array {
  const hash = createHash("sha256").update(pubsubTopic).update(payload).update(contentTopic);
  if (meta !== undefined) hash.update(meta);
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timestamp);
  return hash.update(time).digest();
}

function refused(reason: DropReason, detail: string): Checked {
  return { kind: "refused", reason, detail };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
