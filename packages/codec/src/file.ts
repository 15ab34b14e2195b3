/**
 * Content type: an attachment, whole.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type AnyContent, defineContentType } from "./content-type.ts";
import { displayText } from "./display-text.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { FileSchema } from "./gen/chat/content/v1/content_pb.ts";
import { decodeMessage } from "./protobuf.ts";

/** As long as a name of a file may be, more or less everywhere. */
const MAX_NAME_CHARACTERS = 255;

export type FileContent = {
  readonly kind: "file";
  /**
   * As the sender wrote it, without characters that change how the rest looks, 255 at most. It may be empty or hold a
   * path: never open it as one.
   */
  readonly name: string;
  /** As the sender wrote it, for example `image/png`. It may be empty or wrong. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** A small picture of it. */
  readonly thumbnail?: Thumbnail;
};

export type Thumbnail = { readonly mediaType: string; readonly bytes: Uint8Array };

/** Domain 25,448, tag 2: `chat.content.v1.File`. */
export const fileType = defineContentType({
  kind: "file",
  domain: CHAT_DOMAIN,
  tag: 2,
  encode: ({ name, mediaType, bytes, thumbnail }: Omit<FileContent, "kind">) =>
    toBinary(FileSchema, create(FileSchema, { name, mediaType, bytes, ...(thumbnail && { thumbnail }) })),
  decode: (payload) => {
    const message = decodeMessage(FileSchema, payload);
    if (!message) return undefined;
    const { name, mediaType, bytes, thumbnail } = message;
    return {
      name: displayText(name, MAX_NAME_CHARACTERS),
      mediaType: displayText(mediaType, MAX_NAME_CHARACTERS),
      bytes: bytes.slice(),
      ...(thumbnail && {
        thumbnail: {
          mediaType: displayText(thumbnail.mediaType, MAX_NAME_CHARACTERS),
          bytes: thumbnail.bytes.slice(),
        },
      }),
    };
  },
  fallback: ({ name }) => name,
});

/**
 * A file to send. `bytes` are not copied: leave them as they are until the message is sent. Names are cleaned as for
 * the receiver.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` for fields of another type
 */
export function file({ name, mediaType, bytes, thumbnail }: Omit<FileContent, "kind">): FileContent {
  if (typeof name !== "string" || typeof mediaType !== "string" || !isBytes(bytes)) {
    const seen = `${typeof name}, ${typeof mediaType} and ${typeof bytes}`;
    throw new CodecError("INVALID_CONTENT", `file: want name and mediaType as strings and bytes, got ${seen}`);
  }
  const fields = {
    name: displayText(name, MAX_NAME_CHARACTERS),
    mediaType: displayText(mediaType, MAX_NAME_CHARACTERS),
    bytes,
  };
  if (thumbnail === undefined) return fileType.create(fields);
  if (typeof thumbnail?.mediaType !== "string" || !isBytes(thumbnail.bytes)) {
    throw new CodecError("INVALID_CONTENT", "thumbnail: want mediaType as a string and bytes");
  }
  const small = { mediaType: displayText(thumbnail.mediaType, MAX_NAME_CHARACTERS), bytes: thumbnail.bytes };
  return fileType.create({ ...fields, thumbnail: small });
}

export function isFile(content: AnyContent): content is FileContent {
  return fileType.is(content);
}

/** Not `instanceof`, which is false for bytes from another realm: a frame, a worker, a test runner. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}
