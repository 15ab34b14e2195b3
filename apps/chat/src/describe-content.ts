/** One line of text for any content. @module */
import { type Content, isFile, isText } from "@chat/sdk";

export function describeContent(content: Content): string {
  if (isText(content)) return printable(content.text);
  if (isFile(content)) return `[file ${printable(content.name)}, ${content.bytes.length} bytes]`;
  return "[a message of a type that this version does not know]";
}

/** A peer chooses this text: it must not move the cursor, ring the bell or colour the screen. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "·");
}
