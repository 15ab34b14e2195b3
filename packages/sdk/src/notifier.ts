/**
 * Tells the rest of the client and the application what has become durable, and never anything before that.
 * @module
 */
import { nextStatus } from "@chat/store";
import type { DeliveryStatus } from "./message.ts";
import type { Standing } from "./peers/peer-file.ts";
import { RecentMap } from "./recent-map.ts";

/** How far a message of many segments has come. */
export type TransferProgress = {
  readonly messageId: string;
  readonly conversationId: string;
  readonly direction: "incoming" | "outgoing";
  /** Of segments that the recipient's device has. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Outgoing: of segments that a service node has taken. */
  readonly sentBytes?: number;
  readonly isPaused?: boolean;
};

export type DurableChange =
  | { readonly kind: "incoming"; readonly messageId: string; readonly conversationId: string }
  | {
      readonly kind: "status";
      readonly messageId: string;
      readonly conversationId: string;
      readonly status: DeliveryStatus;
    }
  | { readonly kind: "missing"; readonly conversationId: string; readonly count: number; readonly since: Date }
  | { readonly kind: "found" | "lost"; readonly conversationId: string; readonly count: number }
  /** A message is held because one before it has not arrived. */
  | { readonly kind: "early" }
  /** The session's timers may be due at another time than before. */
  | { readonly kind: "session"; readonly sessionId: string; readonly owesAcknowledgement: boolean }
  /** Parts of messages were put into the outbox once more. */
  | { readonly kind: "retransmitted"; readonly count: number }
  /** The time of a message was over, so it is deleted. */
  | { readonly kind: "expired"; readonly messageId: string; readonly conversationId: string }
  /** The state of a session is behind that of the peer: only another session helps. */
  | { readonly kind: "broken"; readonly conversationId: string }
  /** As `broken`, and the peer has given no private invite: only a new link helps. */
  | { readonly kind: "stranded"; readonly conversationId: string }
  | { readonly kind: "standing"; readonly conversationId: string; readonly standing: Standing }
  /** After a restore: what the other side had that was not here. */
  | {
      readonly kind: "resumed";
      readonly conversationId: string;
      readonly resent: number;
      readonly lost: number;
      readonly lostOwn: number;
    }
  /** Something of a message of many segments has left, or was acknowledged. */
  | { readonly kind: "moved"; readonly messageId: string }
  /** A segment of one has arrived. */
  | ({ readonly kind: "arriving" } & TransferProgress)
  /** How far a message of many segments has come. */
  | ({ readonly kind: "progress" } & TransferProgress)
  /** An incoming message of many segments will not arrive as a whole. */
  | { readonly kind: "cancelled"; readonly messageId: string; readonly conversationId: string }
  /** The peer writes, until then; or no longer. */
  | { readonly kind: "typing"; readonly conversationId: string; readonly isTyping: boolean; readonly until?: Date }
  | { readonly kind: "catch-up"; readonly messages: number; readonly isDone: boolean }
  | { readonly kind: "error"; readonly error: unknown };

/** Enough for every message whose publication and acknowledgement can still be under way together. */
const REMEMBERED_STATUSES = 10_000;

export class Notifier {
  readonly #observers = new Set<(change: DurableChange) => void>();
  readonly #statuses = new RecentMap<DeliveryStatus>(REMEMBERED_STATUSES);

  notify(change: DurableChange): void {
    if (change.kind === "status" && !this.#isForward(change.messageId, change.status)) return;
    for (const observe of this.#observers) observe(change);
  }

  /** How far a message had come in an earlier process: what is no step forward from there is not told. */
  know(messageId: string, status: DeliveryStatus): void {
    this.#statuses.set(messageId, status);
  }

  /** Returns the function that ends the observation. */
  observe(observe: (change: DurableChange) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  /** An acknowledgement can overtake the service node's answer; `sent` after `delivered` is never told. */
  #isForward(messageId: string, status: DeliveryStatus): boolean {
    const current = this.#statuses.get(messageId);
    if (current !== undefined && nextStatus(current, status) !== status) return false;
    if (current === status) return false;
    this.#statuses.set(messageId, status);
    return true;
  }
}
