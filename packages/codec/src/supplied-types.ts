/**
 * The types that come with @chat, and the registry that knows only them.
 * @module
 */

import { deleteType, editType, reactionType, replyType } from "./about-message.ts";
import { createContentRegistry } from "./content-registry.ts";
import type { ContentOf } from "./content-type.ts";
import { fileType } from "./file.ts";
import { jsonType } from "./json.ts";
import { readReceiptType, typingType } from "./signals.ts";
import { textType } from "./text.ts";

/** A list of one's own usually begins with them: `[...SUPPLIED_TYPES, pollType]`. */
export const SUPPLIED_TYPES = [
  textType,
  fileType,
  replyType,
  reactionType,
  editType,
  deleteType,
  readReceiptType,
  typingType,
  jsonType,
] as const;

/** What the supplied types describe. Switch on `kind`, or use the guard of a type, such as `replyType.is`. */
export type Content = ContentOf<typeof SUPPLIED_TYPES>;

const supplied = createContentRegistry(SUPPLIED_TYPES);

/** As {@link ContentRegistry}, with the supplied types. @throws {@link CodecError} `INVALID_CONTENT` */
export function encodeContentFrame(content: Content): Uint8Array {
  return supplied.encode(content);
}

/** As {@link ContentRegistry}, with the supplied types. */
export function decodeContentFrame(frame: Uint8Array): Content {
  return supplied.decode(frame);
}
