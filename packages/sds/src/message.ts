/**
 * SDS messages on the wire, in two forms of the same fields. The compact form of a channel of two leaves out what the
 * receiver derives: message id, channel id and the senders in causal history. The full form is what other
 * implementations send, for any number of participants.
 * Spec: Scalable Data Sync, "Message"; protocol.md, "Reliability (SDS)".
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type HistoryEntry as EntryOnWire, HistoryEntrySchema, MessageSchema } from "./gen/chat/sds/v1/sds_pb.ts";
import { isMessageId, messageIdOf, type Named } from "./message-id.ts";
import { isName } from "./participant.ts";
import { MAX_HISTORY } from "./state.ts";

export type Form = "compact" | "full";

/** Names our messages, and those of others to see whether their names are theirs. @see messageIdOf */
export type NameMessage = (message: Named) => string;

/** What a message that names another may say about it; its word, and nobody else's. */
export type About = { readonly sender?: string; readonly retrievalHint?: Uint8Array };

/** A well-formed message; whether it fits the channel is for `receive` to say. */
export type SdsMessage = {
  /** `I` or `R` in the compact form. */
  readonly sender: string;
  /** Of the full form. */
  readonly channelId?: string;
  /** Absent for an ephemeral message, which has content and nothing else. */
  readonly lamport?: number;
  /** Ids of earlier messages, each once. */
  readonly history: readonly string[];
  /** What is said about the ids in `history` and `repairRequest`; full form. */
  readonly about?: ReadonlyMap<string, About>;
  /** Absent for a sync message. */
  readonly content?: { readonly messageId: string; readonly bytes: Uint8Array };
  /** Any bytes. */
  readonly bloomFilter?: Uint8Array;
  /** Ids of messages that the sender misses, each once. */
  readonly repairRequest?: readonly string[];
};

export type Fields = {
  /** Undefined in the compact form, which has neither this nor `messageId` nor what is known `about` others. */
  readonly channelId: string | undefined;
  readonly sender: string;
  readonly messageId: string;
  /** Undefined for an ephemeral message. */
  readonly lamport: number | undefined;
  readonly history: readonly string[];
  readonly repairRequest: readonly string[];
  readonly about?: (messageId: string) => About | undefined;
  readonly bloomFilter?: Uint8Array;
  /** Empty for a sync message. */
  readonly content: Uint8Array;
};

export function encodeMessage(fields: Fields): Uint8Array {
  const { sender, messageId, channelId, lamport, history, repairRequest, about, bloomFilter, content } = fields;
  const entry = (id: string) => {
    const { sender: senderId = "", retrievalHint = new Uint8Array() } = (channelId !== undefined && about?.(id)) || {};
    return create(HistoryEntrySchema, { messageId: id, senderId, retrievalHint });
  };
  const message = create(MessageSchema, {
    senderId: sender,
    ...(channelId !== undefined && { messageId, channelId }),
    ...(lamport !== undefined && { lamportTimestamp: BigInt(lamport) }),
    causalHistory: history.map(entry),
    repairRequest: repairRequest.map(entry),
    ...(bloomFilter && { bloomFilter }),
    content,
  });
  return toBinary(MessageSchema, message);
}

/**
 * Reads any bytes; never throws. Content may share memory with `bytes`.
 *
 * @param options - `nameMessage`: full form, for channels whose names are made otherwise; must not throw
 * @returns undefined unless sender, Lamport time (below 2^53), ids and names have the form that the protocol gives them
 */
export function parse(
  bytes: Uint8Array,
  { form = "compact", nameMessage = messageIdOf }: { readonly form?: Form; readonly nameMessage?: NameMessage } = {},
): SdsMessage | undefined {
  const message = decode(bytes);
  if (message === undefined) return undefined;
  const { senderId: sender, lamportTimestamp, causalHistory, repairRequest, bloomFilter, content } = message;
  const channelId = form === "full" ? message.channelId : undefined;
  const isSenderKnown = channelId === undefined ? sender === "I" || sender === "R" : isName(sender);
  if (!isSenderKnown || (channelId !== undefined && !isName(channelId))) return undefined;
  const head = { sender, ...(channelId !== undefined && { channelId }) };
  if (lamportTimestamp === undefined) {
    // Its name is nowhere used; without content it would be nothing.
    const { messageId } = message;
    return content.length === 0 ? undefined : { ...head, history: [], content: { messageId, bytes: content } };
  }
  const lamport = Number(lamportTimestamp);
  const entries = [...causalHistory, ...repairRequest];
  if (!Number.isSafeInteger(lamport) || Math.max(causalHistory.length, repairRequest.length) > MAX_HISTORY) {
    return undefined;
  }
  if (!entries.every(({ messageId }) => isMessageId(messageId, channelId))) return undefined;
  const read: SdsMessage = {
    ...head,
    lamport,
    history: idsOf(causalHistory),
    ...(channelId !== undefined && { about: aboutOf(entries) }),
    ...(repairRequest.length > 0 && { repairRequest: idsOf(repairRequest) }),
    ...(bloomFilter.length > 0 && { bloomFilter }),
  };
  if (content.length === 0) return read;
  const messageId = nameMessage({ channelId, sender, lamport, content });
  // One message with two names could be acknowledged under one and missed under the other.
  const isNameOptional = channelId === undefined;
  if (message.messageId !== messageId && !(isNameOptional && message.messageId === "")) return undefined;
  return isMessageId(messageId, channelId) ? { ...read, content: { messageId, bytes: content } } : undefined;
}

function idsOf(entries: readonly EntryOnWire[]): string[] {
  return [...new Set(entries.map(({ messageId }) => messageId))];
}

function aboutOf(entries: readonly EntryOnWire[]): ReadonlyMap<string, About> {
  return new Map(
    entries.map(({ messageId, senderId, retrievalHint }) => [
      messageId,
      { ...(isName(senderId) && { sender: senderId }), ...(retrievalHint.length > 0 && { retrievalHint }) },
    ]),
  );
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(MessageSchema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}
