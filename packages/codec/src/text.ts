/**
 * Content type: a text.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type AnyContent, defineContentType } from "./content-type.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { TextSchema } from "./gen/chat/content/v1/content_pb.ts";
import { decodeMessage } from "./protobuf.ts";

export type TextContent = { readonly kind: "text"; readonly text: string };

/** Domain 25,448, tag 1: `chat.content.v1.Text`. */
export const textType = defineContentType<TextContent>({
  kind: "text",
  domainId: CHAT_DOMAIN,
  tag: 1,
  encode: ({ text }) => toBinary(TextSchema, create(TextSchema, { body: text })),
  decode: (payload) => {
    const message = decodeMessage(TextSchema, payload);
    return message && { kind: "text", text: message.body };
  },
});

/**
 * A text to send. Half of a surrogate pair, as a cut string may end with, becomes U+FFFD.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` for anything but a string
 */
export function text(value: string): TextContent {
  if (typeof value !== "string") {
    throw new CodecError("INVALID_CONTENT", `text: want a string, got ${typeof value}`);
  }
  return { kind: "text", text: value.toWellFormed() };
}

export function isText(content: AnyContent): content is TextContent {
  return content.kind === "text";
}
