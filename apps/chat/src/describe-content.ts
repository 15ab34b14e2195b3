/** One line of text for any content. @module */
import {
  type Content,
  deleteType,
  displayText,
  editType,
  isFile,
  isText,
  isUnsupported,
  jsonType,
  reactionType,
  replyType,
} from "@chat/sdk";

const MAX_CHARACTERS = 10_000;

export function describeContent(content: Content): string {
  if (isText(content)) return printable(content.text);
  if (isFile(content)) return `[file ${printable(content.name)}, ${content.bytes.length} bytes]`;
  if (replyType.is(content)) return `[answer] ${printable(content.text)}`;
  if (reactionType.is(content)) return `[${content.isRemoved ? "no longer " : ""}${printable(content.emoji)}]`;
  if (editType.is(content)) return `[corrected] ${printable(content.text)}`;
  if (deleteType.is(content)) return "[asks to delete a message]";
  if (jsonType.is(content)) return `[data of ${printable(content.name)}]`;
  if (isUnsupported(content) && content.fallback !== "") return `${printable(content.fallback)} [in short]`;
  return "[a message that this version cannot show; an update may]";
}

/** A peer chooses this text: it must not move the cursor, ring the bell, colour the screen or fill it. */
function printable(text: string): string {
  return displayText(text, MAX_CHARACTERS).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "·");
}
