/**
 * Content types: how one kind of content becomes the payload of a `ContentFrame`, and back.
 * Content is plain data with a `kind`, so that it can be compared, stored and passed to a worker.
 * Spec: LIP-240.
 * @module
 */
import { CodecError } from "./errors.ts";

const MAX_UINT32 = 0xffffffff;
const UNSUPPORTED = "unsupported";

/** What every content has: the name under which its type is known in this program. It is not sent. */
export type AnyContent = { readonly kind: string };

/** A content type as its author writes it; `Fields` is the content without its `kind`. */
export type ContentTypeDefinition<Kind extends string, Fields extends object> = {
  /** Unique among the types that a program uses together, for example `"poll"`; not `"unsupported"`. */
  readonly kind: Kind;
  /** Who defines the type: a number of the registry in LIP-240, 1 to 2^32 - 1. */
  readonly domain: number;
  /** Which of the domain's types it is, 1 to 2^32 - 1. */
  readonly tag: number;
  /**
   * Of the payload's definition, 1 to 2^32 - 1. Higher it when older programs would misread the payload: they then get
   * it unsupported and show the fallback. @default 1
   */
  readonly version?: number;
  /** The payload of a content to send. */
  encode(content: Fields): Uint8Array;
  /**
   * The content of a payload from anybody; undefined, or an exception, if it is malformed.
   *
   * @param version - that the sender's program wrote, at most the type's own
   */
  decode(payload: Uint8Array, version: number): Fields | undefined;
  /** What a program shows that does not know the type; `""` if it should show nothing. It travels with the content. */
  fallback(content: Fields): string;
};

/** A checked content type. */
export type ContentType<C extends AnyContent> = {
  readonly kind: string;
  readonly domain: number;
  readonly tag: number;
  readonly version: number;
  encode(content: C): Uint8Array;
  decode(payload: Uint8Array, version: number): C | undefined;
  fallback(content: C): string;
  /** Whether a content is of this type. */
  is(content: AnyContent): content is C;
};

/** A content type of an application, which also makes its contents. */
export type DefinedContentType<Kind extends string, Fields extends object> = ContentType<
  { readonly kind: Kind } & Fields
> & {
  /** A content to send. */
  create(fields: Fields): { readonly kind: Kind } & Fields;
};

/** Content that this program cannot read. Nothing of it is lost. */
export type UnsupportedContent = {
  readonly kind: typeof UNSUPPORTED;
  /**
   * - `unknown-type`, `newer-version`: of the domain and tag, in the version
   * - `malformed`: of a known type
   * - `unreadable`: not even a content frame, which is then the payload; the numbers are 0
   * - `unknown-frame`, `unknown-payload`: something else than content, of a later version of the protocol, which is then
   *   the payload; `tag` is the field of `PrivateV1Frame` or `EncryptedPayload` it is in, `domain` and `version` are 0
   */
  readonly reason: "unknown-type" | "newer-version" | "malformed" | "unreadable" | "unknown-frame" | "unknown-payload";
  /** With `tag` and `version`: what a program needs to know to read it. */
  readonly domain: number;
  readonly tag: number;
  readonly version: number;
  readonly payload: Uint8Array;
  /** To be shown instead, cleaned by `displayText`; empty: nothing. Whoever sent the content wrote it. */
  readonly fallback: string;
};

/** The contents that the types of a list describe, and {@link UnsupportedContent}, which is always possible. */
export type ContentOf<Types extends readonly ContentType<AnyContent>[]> =
  | NonNullable<ReturnType<Types[number]["decode"]>>
  | UnsupportedContent;

/**
 * Checks a type; the types of its content are inferred from `encode` and `decode`.
 *
 * @throws {@link CodecError} `INVALID_OPTION`
 */
export function defineContentType<const Kind extends string, Fields extends object>(
  definition: ContentTypeDefinition<Kind, Fields>,
): DefinedContentType<Kind, Fields> {
  const { kind, domain, tag, version = 1 } = definition;
  type C = { readonly kind: Kind } & Fields;
  if (typeof kind !== "string" || kind === "" || kind === UNSUPPORTED) {
    throw new CodecError("INVALID_OPTION", `kind: want a name other than "${UNSUPPORTED}", got "${kind}"`);
  }
  for (const [name, value] of Object.entries({ domain, tag, version })) {
    if (!Number.isInteger(value) || value < 1 || value > MAX_UINT32) {
      throw new CodecError("INVALID_OPTION", `${name}: want an integer, 1 to ${MAX_UINT32}, got ${value}`);
    }
  }
  const create = (fields: Fields): C => ({ ...fields, kind });
  return {
    kind,
    domain,
    tag,
    version,
    create,
    encode: (content) => definition.encode(content),
    decode: (payload, sent) => {
      const fields: unknown = definition.decode(payload, sent);
      return isFields<Fields>(fields) ? create(fields) : undefined;
    },
    fallback: (content) => definition.fallback(content),
    is: (content): content is C => content.kind === kind,
  };
}

/** A `decode` that trusts `JSON.parse` may return what its type does not say. */
function isFields<Fields extends object>(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** Whether the content is of a type that this program cannot read. */
export function isUnsupported(content: AnyContent): content is UnsupportedContent {
  return content.kind === UNSUPPORTED;
}
