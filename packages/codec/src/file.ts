/**
 * Content type: a file, whole.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type AnyContent, defineContentType } from "./content-type.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { FileSchema } from "./gen/chat/content/v1/content_pb.ts";
import { decodeMessage } from "./protobuf.ts";

export type FileContent = {
  readonly kind: "file";
  /** As the sender wrote it. It may be empty or hold a path: never open it as one. */
  readonly name: string;
  /** As the sender wrote it, for example `image/png`. It may be empty or wrong. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
};

/** Domain 25,448, tag 2: `chat.content.v1.File`. */
export const fileType = defineContentType<FileContent>({
  kind: "file",
  domainId: CHAT_DOMAIN,
  tag: 2,
  encode: ({ name, mediaType, bytes }) => toBinary(FileSchema, create(FileSchema, { name, mediaType, bytes })),
  decode: (payload) => {
    const message = decodeMessage(FileSchema, payload);
    return message && { kind: "file", name: message.name, mediaType: message.mediaType, bytes: message.bytes.slice() };
  },
});

/**
 * A file to send. `bytes` are not copied: leave them as they are until the message is sent.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` for fields of another type
 */
export function file({ name, mediaType, bytes }: Omit<FileContent, "kind">): FileContent {
  if (typeof name !== "string" || typeof mediaType !== "string" || !isBytes(bytes)) {
    const seen = `${typeof name}, ${typeof mediaType} and ${typeof bytes}`;
    throw new CodecError("INVALID_CONTENT", `file: want name and mediaType as strings and bytes, got ${seen}`);
  }
  return { kind: "file", name: name.toWellFormed(), mediaType: mediaType.toWellFormed(), bytes };
}

export function isFile(content: AnyContent): content is FileContent {
  return content.kind === "file";
}

/** Not `instanceof`, which is false for bytes from another realm: a frame, a worker, a test runner. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}
