/**
 * What came from a newer program in place of content, as a content frame, so that a database which holds content frames
 * can keep it and the application gets it in its place. It is made by the receiver and never sent.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { CHAT_DOMAIN } from "./domain.ts";
import { type ContentFrame, ContentFrameSchema } from "./gen/chat/content/v1/content_pb.ts";

export type NewerPart = "unknown-frame" | "unknown-payload";

/** At the far end of the domain. Whoever sends one of these has sent something unsupported, as it says. */
const TAGS: Record<NewerPart, number> = { "unknown-frame": 0xffffffff, "unknown-payload": 0xfffffffe };

/**
 * The content frame that stands for it.
 *
 * @param member - the field number of what would have to be known
 */
export function encodeNewerPart(part: NewerPart, member: number, payload: Uint8Array): Uint8Array {
  const frame = { domainId: CHAT_DOMAIN, tag: TAGS[part], version: member, payload };
  return toBinary(ContentFrameSchema, create(ContentFrameSchema, frame));
}

/** What the content frame stands for, and in which member; undefined for one that a peer's program made. */
export function newerPart({ domainId, tag, version }: ContentFrame): { reason: NewerPart; tag: number } | undefined {
  if (domainId !== CHAT_DOMAIN) return undefined;
  if (tag === TAGS["unknown-frame"]) return { reason: "unknown-frame", tag: version };
  return tag === TAGS["unknown-payload"] ? { reason: "unknown-payload", tag: version } : undefined;
}
