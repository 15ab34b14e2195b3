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

export type ContentType<C extends AnyContent> = {
  /** Unique among the types that a program uses together, for example `"poll"`; not `"unsupported"`. */
  readonly kind: C["kind"];
  /** Who defines the type: a number of the registry in LIP-240, 1 to 2^32 - 1. */
  readonly domainId: number;
  /** Which of the domain's types it is, 1 to 2^32 - 1. Its meaning never changes. */
  readonly tag: number;
  /** The payload of a content to send. */
  encode(content: C): Uint8Array;
  /** The content of a payload from anybody; undefined, or an exception, if it is malformed. */
  decode(payload: Uint8Array): C | undefined;
};

/** Content of a type that this program does not know, or malformed content of one it does. Nothing of it is lost. */
export type UnsupportedContent = {
  readonly kind: typeof UNSUPPORTED;
  /** 0 if not even the frame could be read; `payload` is then the whole frame. */
  readonly domainId: number;
  readonly tag: number;
  readonly payload: Uint8Array;
};

/** The contents that the types of a list describe, and {@link UnsupportedContent}, which is always possible. */
export type ContentOf<Types extends readonly ContentType<AnyContent>[]> =
  | NonNullable<ReturnType<Types[number]["decode"]>>
  | UnsupportedContent;

/**
 * Checks a type and returns it, so that `C` is inferred from its functions.
 *
 * @throws {@link CodecError} `INVALID_OPTION`
 */
export function defineContentType<C extends AnyContent>(type: ContentType<C>): ContentType<C> {
  if (type.kind === "" || type.kind === UNSUPPORTED) {
    throw new CodecError("INVALID_OPTION", `kind: want a name other than "${UNSUPPORTED}", got "${type.kind}"`);
  }
  for (const name of ["domainId", "tag"] as const) {
    const value = type[name];
    if (!Number.isInteger(value) || value < 1 || value > MAX_UINT32) {
      throw new CodecError("INVALID_OPTION", `${name}: want an integer, 1 to ${MAX_UINT32}, got ${value}`);
    }
  }
  return type;
}

/** Whether the content is of a type that this program cannot read. */
export function isUnsupported(content: AnyContent): content is UnsupportedContent {
  return content.kind === UNSUPPORTED;
}
