/**
 * Content types that tell what a person does: has read, is writing. They are signals, and no messages: nobody keeps them
 * (docs/protocol.md, "Signals").
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { defineContentType } from "./content-type.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { ReadReceiptSchema, TypingSchema } from "./gen/chat/content/v1/content_pb.ts";
import { messageIdFromWire, messageIdToWire } from "./message-id.ts";
import { decodeMessage } from "./protobuf.ts";

const MAX_RECEIPT_IDS = 1_000;

export type ReadReceiptContent = {
  readonly kind: "readReceipt";
  /** 1 to 1,000; the last one is that of the newest message before which all is read, and the only one that counts. */
  readonly messageIds: readonly string[];
};
export type TypingContent = {
  readonly kind: "typing";
  /** No longer writing. */
  readonly isStopped: boolean;
};

/** Domain 25,448, tag 7: `chat.content.v1.ReadReceipt`. */
export const readReceiptType = defineContentType({
  kind: "readReceipt",
  domain: CHAT_DOMAIN,
  tag: 7,
  encode: ({ messageIds }: Omit<ReadReceiptContent, "kind">) =>
    toBinary(ReadReceiptSchema, create(ReadReceiptSchema, { messageIds: messageIds.map(messageIdToWire) })),
  decode: (payload) => {
    const ids = decodeMessage(ReadReceiptSchema, payload)?.messageIds ?? [];
    if (!isReceiptLength(ids.length)) return undefined;
    const messageIds = ids.map(messageIdFromWire).filter((id) => id !== undefined);
    return messageIds.length === ids.length ? { messageIds } : undefined;
  },
  fallback: () => "",
});

/** Domain 25,448, tag 8: `chat.content.v1.Typing`. */
export const typingType = defineContentType({
  kind: "typing",
  domain: CHAT_DOMAIN,
  tag: 8,
  encode: ({ isStopped }: Omit<TypingContent, "kind">) => toBinary(TypingSchema, create(TypingSchema, { isStopped })),
  decode: (payload) => {
    const message = decodeMessage(TypingSchema, payload);
    return message && { isStopped: message.isStopped };
  },
  fallback: () => "",
});

/** @throws {@link CodecError} `INVALID_CONTENT` */
export function readReceipt(messageIds: readonly string[]): ReadReceiptContent {
  if (!Array.isArray(messageIds) || !isReceiptLength(messageIds.length)) {
    const seen = Array.isArray(messageIds) ? messageIds.length : typeof messageIds;
    throw new CodecError("INVALID_CONTENT", `messageIds: want 1 to ${MAX_RECEIPT_IDS} ids, got ${seen}`);
  }
  for (const id of messageIds) messageIdToWire(id);
  return readReceiptType.create({ messageIds: [...messageIds] });
}

export function typing({ isStopped = false }: { readonly isStopped?: boolean } = {}): TypingContent {
  return typingType.create({ isStopped });
}

function isReceiptLength(length: number): boolean {
  return length >= 1 && length <= MAX_RECEIPT_IDS;
}
