/**
 * Content as the SDK has it and as it crosses the daemon's interface.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { displayText, type UnsupportedContent } from "@chat/codec";
import {
  type Content,
  deleteType,
  deletion,
  edit,
  editType,
  isFile,
  isText,
  isUnsupported,
  json,
  jsonType,
  reaction,
  reactionType,
  reply,
  replyType,
  text,
} from "@chat/sdk";
import { DaemonError } from "../errors.ts";
import { ContentSchema, type Content as WireContent } from "../gen/chat/daemon/v1/content_pb.ts";

/** @throws {@link DaemonError} `INVALID_OPTION`; `CodecError` `INVALID_CONTENT` */
export function contentFromWire(content: WireContent | undefined): Content {
  const kind = content?.kind;
  switch (kind?.case) {
    case "text":
      return text(kind.value);
    case "reply":
      return reply(kind.value.messageId, kind.value.text);
    case "reaction":
      return reaction(kind.value.messageId, kind.value.emoji, { isRemoved: kind.value.isRemoved });
    case "edit":
      return edit(kind.value.messageId, kind.value.text);
    case "deletion":
      return deletion(kind.value.messageId);
    case "json":
      return json(kind.value.name, parsed(kind.value.value));
    case "custom":
      return custom(kind.value);
    case "file":
      throw new DaemonError("INVALID_OPTION", "content: want another kind than file, which SendFile sends");
    default:
      throw new DaemonError("INVALID_OPTION", "content: want one of its kinds, got none that this daemon knows");
  }
}

type Custom = Pick<UnsupportedContent, "domain" | "tag" | "version" | "payload" | "fallback">;

/** What this daemon does not know travels as it came. */
function custom({ domain, tag, version, payload, fallback }: Custom): UnsupportedContent {
  if (domain < 1 || tag < 1) throw new DaemonError("INVALID_OPTION", "content.custom: want domain and tag from 1 on");
  const fields = { domain, tag, version: version || 1, payload, fallback: displayText(fallback, fallback.length) };
  return { kind: "unsupported", reason: "unknown-type", ...fields };
}

function parsed(value: string) {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new DaemonError("INVALID_OPTION", "content.json.value: want JSON, got other text", { cause });
  }
}

export function contentToWire(content: Content): WireContent {
  return create(ContentSchema, { kind: kindToWire(content) });
}

function kindToWire(content: Content): NonNullable<MessageInitShape<typeof ContentSchema>["kind"]> {
  if (isText(content)) return { case: "text", value: content.text };
  if (isFile(content)) {
    const { name, mediaType, bytes } = content;
    return { case: "file", value: { name, mediaType, size: BigInt(bytes.length) } };
  }
  if (replyType.is(content)) return { case: "reply", value: { messageId: content.messageId, text: content.text } };
  if (reactionType.is(content)) {
    const { messageId, emoji, isRemoved } = content;
    return { case: "reaction", value: { messageId, emoji, isRemoved } };
  }
  if (editType.is(content)) return { case: "edit", value: { messageId: content.messageId, text: content.text } };
  if (deleteType.is(content)) return { case: "deletion", value: { messageId: content.messageId } };
  if (jsonType.is(content)) {
    return { case: "json", value: { name: content.name, value: JSON.stringify(content.value) } };
  }
  if (isUnsupported(content)) {
    const { domain, tag, version, payload, fallback } = content;
    return { case: "custom", value: { domain, tag, version, payload, fallback } };
  }
  throw new DaemonError("INTERNAL", `content: want a kind that is supplied, got "${content.kind}"`);
}
