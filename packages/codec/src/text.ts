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

/** Domain 25,448, tag 1: `chat.content.v1.Text`. No fallback: every program has this type. */
export const textType = defineContentType({
  kind: "text",
  domain: CHAT_DOMAIN,
  tag: 1,
  encode: ({ text }: Omit<TextContent, "kind">) => toBinary(TextSchema, create(TextSchema, { body: text })),
  decode: (payload) => {
    const message = decodeMessage(TextSchema, payload);
    return message && { text: message.body };
  },
  fallback: () => "",
});

/**
 * A text to send. Half of a surrogate pair, as a cut string may end with, becomes U+FFFD.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` for anything but a string
 */
export function text(value: string): TextContent {
  return textType.create({ text: checkString("text", value) });
}

export function isText(content: AnyContent): content is TextContent {
  return textType.is(content);
}

/** The string, well formed. @throws {@link CodecError} `INVALID_CONTENT` */
export function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new CodecError("INVALID_CONTENT", `${name}: want a string, got ${typeof value}`);
  return value.toWellFormed();
}
