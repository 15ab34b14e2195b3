/**
 * Content types that are about an earlier message: reply, reaction, edit, delete.
 * Whether that message exists, and whose it is, the application checks: only the author of a message edits or deletes it.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { defineContentType } from "./content-type.ts";
import { displayText } from "./display-text.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { DeleteSchema, EditSchema, ReactionSchema, ReplySchema } from "./gen/chat/content/v1/content_pb.ts";
import { messageIdFromWire, messageIdToWire } from "./message-id.ts";
import { decodeMessage } from "./protobuf.ts";
import { checkString } from "./text.ts";

/** The longest emoji of Unicode 17 has 10 code points; some fonts have longer ones. */
const MAX_EMOJI_CHARACTERS = 16;

type About = {
  /** `id` of a message of the same conversation. */
  readonly messageId: string;
};
type TextAbout = About & { readonly text: string };

export type ReplyContent = { readonly kind: "reply" } & TextAbout;
export type ReactionContent = { readonly kind: "reaction" } & About & {
    /** 1 to 16 characters, none of which changes how others look. */
    readonly emoji: string;
    /** Takes an earlier reaction back. */
    readonly isRemoved: boolean;
  };
export type EditContent = { readonly kind: "edit" } & TextAbout;
export type DeleteContent = { readonly kind: "delete" } & About;

/** Domain 25,448, tag 3: `chat.content.v1.Reply`. */
export const replyType = defineContentType({
  kind: "reply",
  domain: CHAT_DOMAIN,
  tag: 3,
  encode: ({ messageId, text }: TextAbout) =>
    toBinary(ReplySchema, create(ReplySchema, { messageId: messageIdToWire(messageId), body: text })),
  decode: (payload) => textAbout(decodeMessage(ReplySchema, payload)),
  fallback: ({ text }) => text,
});

/** Domain 25,448, tag 4: `chat.content.v1.Reaction`. */
export const reactionType = defineContentType({
  kind: "reaction",
  domain: CHAT_DOMAIN,
  tag: 4,
  encode: ({ messageId, emoji, isRemoved }: Omit<ReactionContent, "kind">) =>
    toBinary(ReactionSchema, create(ReactionSchema, { messageId: messageIdToWire(messageId), emoji, isRemoved })),
  decode: (payload) => {
    const message = decodeMessage(ReactionSchema, payload);
    const messageId = message && messageIdFromWire(message.messageId);
    if (messageId === undefined || !isEmoji(message?.emoji ?? "")) return undefined;
    return { messageId, emoji: message?.emoji ?? "", isRemoved: message?.isRemoved ?? false };
  },
  fallback: ({ emoji, isRemoved }) => (isRemoved ? "" : emoji),
});

/** Domain 25,448, tag 5: `chat.content.v1.Edit`. */
export const editType = defineContentType({
  kind: "edit",
  domain: CHAT_DOMAIN,
  tag: 5,
  encode: ({ messageId, text }: TextAbout) =>
    toBinary(EditSchema, create(EditSchema, { messageId: messageIdToWire(messageId), body: text })),
  decode: (payload) => textAbout(decodeMessage(EditSchema, payload)),
  fallback: ({ text }) => `✎ ${text}`,
});

/** Domain 25,448, tag 6: `chat.content.v1.Delete`. */
export const deleteType = defineContentType({
  kind: "delete",
  domain: CHAT_DOMAIN,
  tag: 6,
  encode: ({ messageId }: About) =>
    toBinary(DeleteSchema, create(DeleteSchema, { messageId: messageIdToWire(messageId) })),
  decode: (payload) => {
    const message = decodeMessage(DeleteSchema, payload);
    const messageId = message && messageIdFromWire(message.messageId);
    return messageId === undefined ? undefined : { messageId };
  },
  fallback: () => "",
});

/** A text that answers a message. @throws {@link CodecError} `INVALID_CONTENT` */
export function reply(messageId: string, text: string): ReplyContent {
  return replyType.create(checkedTextAbout(messageId, text));
}

/** An emoji on a message, or with `isRemoved` its removal. @throws {@link CodecError} `INVALID_CONTENT` */
export function reaction(
  messageId: string,
  emoji: string,
  { isRemoved = false }: { readonly isRemoved?: boolean } = {},
): ReactionContent {
  messageIdToWire(messageId);
  if (typeof emoji !== "string" || !isEmoji(emoji)) {
    throw new CodecError("INVALID_CONTENT", `emoji: want 1 to ${MAX_EMOJI_CHARACTERS} visible characters`);
  }
  return reactionType.create({ messageId, emoji, isRemoved });
}

/** Another text for a message that this account sent. @throws {@link CodecError} `INVALID_CONTENT` */
export function edit(messageId: string, text: string): EditContent {
  return editType.create(checkedTextAbout(messageId, text));
}

/** Asks for a message that this account sent to be hidden. @throws {@link CodecError} `INVALID_CONTENT` */
export function deletion(messageId: string): DeleteContent {
  messageIdToWire(messageId);
  return deleteType.create({ messageId });
}

function checkedTextAbout(messageId: string, text: string): TextAbout {
  messageIdToWire(messageId);
  return { messageId, text: checkString("text", text) };
}

function textAbout(message: { readonly messageId: Uint8Array; readonly body: string } | undefined) {
  const messageId = message && messageIdFromWire(message.messageId);
  return message && messageId !== undefined ? { messageId, text: message.body } : undefined;
}

function isEmoji(emoji: string): boolean {
  return emoji.trim() !== "" && displayText(emoji, MAX_EMOJI_CHARACTERS) === emoji;
}
