/**
 * Content frames: a payload with the name of its type, so that a receiver knows what it cannot read.
 * Spec: LIP-240.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AnyContent,
  type ContentOf,
  type ContentType,
  isUnsupported,
  type UnsupportedContent,
} from "./content-type.ts";
import { CodecError } from "./errors.ts";
import { fileType } from "./file.ts";
import { ContentFrameSchema } from "./gen/chat/content/v1/content_pb.ts";
import { decodeMessage } from "./protobuf.ts";
import { textType } from "./text.ts";

/** The types that come with @chat. A list of one's own usually begins with them. */
export const SUPPLIED_TYPES = [textType, fileType] as const;

/** What the types that come with @chat describe. Switch on `kind`, or use `isText`, `isFile`, `isUnsupported`. */
export type Content = ContentOf<typeof SUPPLIED_TYPES>;

/**
 * The `ContentFrame` of a content, by the type in `types` of its kind. Unsupported content becomes the frame that it
 * came in, so it can be passed on.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` if no type has its kind; and whatever the type's `encode` throws
 */
export function encodeContentFrame(content: Content): Uint8Array;
export function encodeContentFrame<Types extends readonly ContentType<AnyContent>[]>(
  content: ContentOf<Types>,
  types: Types,
): Uint8Array;
export function encodeContentFrame(
  content: AnyContent,
  types: readonly ContentType<AnyContent>[] = SUPPLIED_TYPES,
): Uint8Array {
  if (isUnsupported(content)) {
    const { domainId, tag, payload } = content;
    return domainId === 0 ? payload : toFrame(domainId, tag, payload);
  }
  const type = types.find(({ kind }) => kind === content.kind);
  if (!type) {
    const known = types.map(({ kind }) => `"${kind}"`).join(", ");
    throw new CodecError("INVALID_CONTENT", `content.kind: want one of ${known}, got "${content.kind}"`);
  }
  return toFrame(type.domainId, type.tag, type.encode(content));
}

/**
 * The content of a `ContentFrame` from anybody. What no type can read is {@link UnsupportedContent}.
 *
 * @param types - that the program knows; by default those that come with @chat
 */
export function decodeContentFrame(bytes: Uint8Array): Content;
export function decodeContentFrame<Types extends readonly ContentType<AnyContent>[]>(
  bytes: Uint8Array,
  types: Types,
): ContentOf<Types>;
export function decodeContentFrame(
  bytes: Uint8Array,
  types: readonly ContentType<AnyContent>[] = SUPPLIED_TYPES,
): AnyContent {
  const frame = decodeMessage(ContentFrameSchema, bytes);
  if (!frame || frame.domainId === 0) return unsupported(0, 0, bytes);
  const { domainId, tag, payload } = frame;
  const type = types.find((candidate) => candidate.domainId === domainId && candidate.tag === tag);
  return (type && decodeOrNothing(type, payload)) ?? unsupported(domainId, tag, payload);
}

/** The payload is copied, because a view would keep the whole message it came in. */
function unsupported(domainId: number, tag: number, payload: Uint8Array): UnsupportedContent {
  return { kind: "unsupported", domainId, tag, payload: payload.slice() };
}

function toFrame(domainId: number, tag: number, payload: Uint8Array): Uint8Array {
  return toBinary(ContentFrameSchema, create(ContentFrameSchema, { domainId, tag, payload }));
}

/** An application's `decode` sees bytes from anybody; what it throws must not stop the receiver. */
function decodeOrNothing(type: ContentType<AnyContent>, payload: Uint8Array): AnyContent | undefined {
  try {
    return type.decode(payload);
  } catch {
    return undefined;
  }
}
