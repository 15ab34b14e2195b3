/**
 * What happens besides messages, in the daemon's interface. Messages and their steps are told by their own streams.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ChatEvent } from "@chat/sdk";
import { type Event, EventSchema } from "../gen/chat/daemon/v1/message_pb.ts";
import { connectionToWire } from "./enums.ts";
import { quotaToWire, transferToWire } from "./message.ts";

/** Undefined for what is no event of the interface. */
export function eventToWire(event: ChatEvent): Event | undefined {
  const kind = kindOf(event);
  return kind && create(EventSchema, { kind });
}

function kindOf(event: ChatEvent): MessageInitShape<typeof EventSchema>["kind"] {
  switch (event.type) {
    case "connection":
      return { case: "connection", value: connectionToWire(event.health) };
    case "quota":
      return { case: "quota", value: quotaToWire(event.quota) };
    case "typing":
      return { case: "typing", value: { conversationId: event.conversationId, isTyping: event.isTyping } };
    case "progress":
      return { case: "progress", value: transferToWire(event) };
    case "missing":
    case "found":
    case "lost":
      return {
        case: "gap",
        value: { conversationId: event.conversationId, count: BigInt(event.count), state: event.type },
      };
    case "standing":
      return { case: "standing", value: { conversationId: event.conversationId, standing: event.standing } };
    case "expired":
    case "cancelled":
      return {
        case: "gone",
        value: { conversationId: event.conversationId, messageId: event.messageId, reason: event.type },
      };
    case "overflow":
      return { case: "overflow", value: BigInt(event.dropped) };
    case "error":
      return { case: "error", value: codeOf(event.error) };
    default:
      return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "INTERNAL";
}
