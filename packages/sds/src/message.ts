/**
 * SDS messages on the wire, in the compact form of a channel of two.
 * Left out because the receiver derives it: message id, channel id and the senders in causal history. Bloom filter and
 * repair requests of other implementations are skipped.
 * Spec: Scalable Data Sync, "Message Format"; protocol.md, "Reliability (SDS)".
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { HistoryEntrySchema, MessageSchema } from "./gen/chat/sds/v1/sds_pb.ts";
import { isMessageId, messageIdOf } from "./message-id.ts";
import { MAX_HISTORY, type Side } from "./state.ts";

/** A well-formed message; whether it fits the channel is for `receive` to say. */
export type SdsMessage = {
  readonly sender: Side;
  readonly lamport: number;
  /** Ids of earlier messages, each once. */
  readonly history: readonly string[];
  /** Absent for a sync message, which has no content and no name. */
  readonly content?: { readonly messageId: string; readonly bytes: Uint8Array };
};

type Fields = {
  readonly sender: Side;
  readonly lamport: number;
  readonly history: readonly string[];
  /** Empty for a sync message. */
  readonly content: Uint8Array;
};

export function encodeMessage({ sender, lamport, history, content }: Fields): Uint8Array {
  const message = create(MessageSchema, {
    senderId: sender,
    lamportTimestamp: BigInt(lamport),
    causalHistory: history.map((messageId) => create(HistoryEntrySchema, { messageId })),
    content,
  });
  return toBinary(MessageSchema, message);
}

/**
 * Reads any bytes; never throws. Content may share memory with `bytes`.
 *
 * @returns undefined unless sender, Lamport time (below 2^53) and ids have the form that this protocol gives them
 */
export function parse(bytes: Uint8Array): SdsMessage | undefined {
  const message = decode(bytes);
  if (message === undefined) return undefined;
  const { senderId, lamportTimestamp, causalHistory, content } = message;
  if (senderId !== "I" && senderId !== "R") return undefined;
  const lamport = Number(lamportTimestamp);
  if (!Number.isSafeInteger(lamport) || causalHistory.length > MAX_HISTORY) return undefined;
  const history = [...new Set(causalHistory.map(({ messageId }) => messageId))];
  if (!history.every(isMessageId)) return undefined;
  if (content.length === 0) return { sender: senderId, lamport, history };
  const messageId = messageIdOf(senderId, lamport, content);
  // One message with two names could be acknowledged under one and missed under the other.
  if (message.messageId !== "" && message.messageId !== messageId) return undefined;
  return { sender: senderId, lamport, history, content: { messageId, bytes: content } };
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(MessageSchema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}
