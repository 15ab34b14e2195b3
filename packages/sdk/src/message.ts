/**
 * Messages as the application sees them: plain records, JSON-able but for their content.
 * @module
 */
import type { AnyContent, ContentRegistry, ContentType, Content as SuppliedContent } from "@chat/codec";
import type { MessageRecord, OutgoingStatus } from "@chat/store";
import type { Conversation } from "./conversation.ts";
import { digest128 } from "./digest.ts";

/**
 * `queued` (durable here) → `sent` (a service node took it) → `delivered` (the recipient's device has it) → `read` (its
 * user has seen it, and lets us know), or `failed`; `cancelled`: one of both ended it before all of it had arrived;
 * `dropped`: an optional message that was not sent, because quota was low.
 */
export type DeliveryStatus = OutgoingStatus;

/** What messages hold: supplied content, or that of `contentTypes`. Guards narrow it: `isText`, `pollType.is`. */
export type Content = SuppliedContent | AnyContent;

/** All types that a client knows. */
export type Contents = ContentRegistry<readonly ContentType<AnyContent>[]>;

/** Any content type, as a value. */
export type AnyContentType = Pick<ContentType<AnyContent>, "domain" | "tag">;

type MessageFields = {
  /** The same on both sides. */
  readonly id: string;
  readonly conversation: Conversation;
  readonly content: Content;
  /** By the sender's clock. */
  readonly sentAt: Date;
  /** Grows with every message of this database; `messages({ since })` takes it. */
  readonly sequence: number;
  /** From then on it is gone here. */
  readonly expiresAt?: Date;
};
export type IncomingMessage = MessageFields & { readonly direction: "incoming" };
export type OutgoingMessage = MessageFields & { readonly direction: "outgoing"; readonly status: DeliveryStatus };
export type Message = IncomingMessage | OutgoingMessage;

export function toMessage(record: MessageRecord, conversation: Conversation, contents: Contents): Message {
  const { id, sequence, status } = record;
  const fields = {
    id,
    conversation,
    sequence,
    content: contents.decode(record.content),
    sentAt: new Date(record.sentAtMs),
    ...(record.expiresAtMs !== undefined && { expiresAt: new Date(record.expiresAtMs) }),
  };
  return status === "received" ? { ...fields, direction: "incoming" } : { ...fields, direction: "outgoing", status };
}

/**
 * Names a message: BLAKE2b-128 of author's key, recipient's key and the Keccak-256 of the frame, which every segment of it
 * carries, so that the recipient knows the name with the first one. The author never puts one time into two frames of a
 * conversation, so equal texts differ; with both keys in it, an id never meets one of another conversation.
 */
export function messageId(author: Uint8Array, recipient: Uint8Array, frameHash: Uint8Array): string {
  return digest128(author, recipient, frameHash);
}
