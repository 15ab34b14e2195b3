/**
 * Content frames: a payload with the name of its type, so that a receiver knows what it cannot read.
 * Spec: LIP-240; `fallback` and `version` are ours (docs/protocol.md, "Content types").
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
import { displayText } from "./display-text.ts";
import { CodecError } from "./errors.ts";
import { type ContentFrame, ContentFrameSchema } from "./gen/chat/content/v1/content_pb.ts";
import { encodeNewerPart, newerPart } from "./newer-part.ts";
import { decodeMessage } from "./protobuf.ts";

const MAX_FALLBACK_CHARACTERS = 300;

/** The types that a program knows. */
export type ContentRegistry<Types extends readonly ContentType<AnyContent>[]> = {
  readonly types: Types;
  /**
   * The `ContentFrame` of a content. Unsupported content becomes the frame that it came in, so it can be passed on.
   *
   * @throws {@link CodecError} `INVALID_CONTENT` if no type has its kind; and whatever the type's `encode` or `fallback`
   *   throws
   */
  encode(content: ContentOf<Types>): Uint8Array;
  /** The content of a `ContentFrame` from anybody. What no type can read is {@link UnsupportedContent}. */
  decode(frame: Uint8Array): ContentOf<Types>;
};

/**
 * A registry of exactly these types; begin with `SUPPLIED_TYPES` to have those, too.
 *
 * @throws {@link CodecError} `INVALID_OPTION` for two types of one kind, or of one domain and tag
 */
export function createContentRegistry<const Types extends readonly ContentType<AnyContent>[]>(
  types: Types,
): ContentRegistry<Types> {
  const byKind = new Map<string, ContentType<AnyContent>>();
  const byNumber = new Map<string, ContentType<AnyContent>>();
  for (const type of types) {
    const number = numberOf(type.domain, type.tag);
    if (byKind.has(type.kind)) throw duplicate(`kind "${type.kind}"`);
    if (byNumber.has(number)) throw duplicate(`domain and tag ${number}`);
    byKind.set(type.kind, type);
    byNumber.set(number, type);
  }
  return {
    types,
    encode: (content: AnyContent) => encodeFrame(content, byKind),
    // Every value of the maps came from `types`, which is what the types of this function cannot say.
    decode: (frame) => decodeFrame(frame, byNumber) as ContentOf<Types>,
  };
}

/** The name under which contents of one type can be looked up: domain and tag, `"70000/1"`; undefined for no frame. */
export function contentTypeName(frame: Uint8Array): string | undefined {
  const header = decodeMessage(ContentFrameSchema, frame);
  return header === undefined || header.domainId === 0 ? undefined : numberOf(header.domainId, header.tag);
}

function encodeFrame(content: AnyContent, byKind: ReadonlyMap<string, ContentType<AnyContent>>): Uint8Array {
  if (isUnsupported(content)) {
    const { reason, domain, tag, version, payload, fallback } = content;
    if (reason === "unreadable") return payload;
    if (reason === "unknown-frame" || reason === "unknown-payload") return encodeNewerPart(reason, tag, payload);
    return toFrame({ domainId: domain, tag, version, payload, fallback });
  }
  const type = byKind.get(content.kind);
  if (!type) {
    const known = [...byKind.keys()].map((kind) => `"${kind}"`).join(", ");
    throw new CodecError("INVALID_CONTENT", `content.kind: want one of ${known}, got "${content.kind}"`);
  }
  const { domain: domainId, tag, version } = type;
  return toFrame({ domainId, tag, version, payload: type.encode(content), fallback: type.fallback(content) });
}

function toFrame({ version, fallback, ...fields }: Omit<ContentFrame, "$typeName" | "$unknown">): Uint8Array {
  const frame = { ...fields, version: version === 1 ? 0 : version, fallback: shown(fallback) };
  return toBinary(ContentFrameSchema, create(ContentFrameSchema, frame));
}

function decodeFrame(bytes: Uint8Array, byNumber: ReadonlyMap<string, ContentType<AnyContent>>): AnyContent {
  const frame = decodeMessage(ContentFrameSchema, bytes);
  if (!frame || frame.domainId === 0) {
    return unsupported({ reason: "unreadable", domain: 0, tag: 0, version: 0, payload: bytes, fallback: "" });
  }
  const { domainId: domain, tag, payload, fallback } = frame;
  const newer = newerPart(frame);
  if (newer) return unsupported({ ...newer, domain: 0, version: 0, payload, fallback: "" });
  const version = frame.version || 1;
  const fields = { domain, tag, version, payload, fallback };
  const type = byNumber.get(numberOf(domain, tag));
  if (!type) return unsupported({ reason: "unknown-type", ...fields });
  if (version > type.version) return unsupported({ reason: "newer-version", ...fields });
  return decodeOrNothing(type, payload, version) ?? unsupported({ reason: "malformed", ...fields });
}

/** The payload is copied, because a view would keep the whole message it came in. */
function unsupported({ payload, fallback, ...fields }: Omit<UnsupportedContent, "kind">): UnsupportedContent {
  return { kind: "unsupported", ...fields, payload: payload.slice(), fallback: shown(fallback) };
}

/** An application's `decode` sees bytes from anybody; what it throws must not stop the receiver. */
function decodeOrNothing(type: ContentType<AnyContent>, payload: Uint8Array, version: number): AnyContent | undefined {
  try {
    return type.decode(payload, version);
  } catch {
    return undefined;
  }
}

function shown(fallback: string): string {
  return displayText(fallback, MAX_FALLBACK_CHARACTERS);
}

function numberOf(domain: number, tag: number): string {
  return `${domain}/${tag}`;
}

function duplicate(what: string): CodecError {
  return new CodecError("INVALID_OPTION", `types: want each once, got two of ${what}`);
}
