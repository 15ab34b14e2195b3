/**
 * Frames that come as ephemeral messages: what the peer has read, that it writes, that a long message ends. They leave no
 * message behind, and what is not understood leaves nothing at all.
 * @module
 */
import { decodeContentFrame, decodePrivateFrame, readReceiptType, typingType } from "@chat/codec";
import { nextStatus } from "@chat/store";
import type { Context } from "../context.ts";
import type { IncomingTransfers } from "../receiving/incoming-transfers.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { PeerTyping } from "./peer-typing.ts";

/** That one receipt can mark; what is beyond waits for the next one. */
const MAX_READ_AT_ONCE = 10_000;

export class IncomingSignals {
  readonly transfers: IncomingTransfers;
  readonly #context: Context;
  readonly #typing: PeerTyping;

  constructor(context: Context, transfers: IncomingTransfers, typing: PeerTyping) {
    this.#context = context;
    this.transfers = transfers;
    this.#typing = typing;
  }

  async take(step: SessionStep, bytes: Uint8Array, nowMs: number): Promise<void> {
    // Who is not accepted shall leave no trace by what nobody counts.
    if (!this.#context.peers.mayAnswer(step.session.conversationId)) return;
    const frame = decodePrivateFrame(bytes);
    if (frame === undefined) this.#context.discards.add("malformed-frame");
    else if (frame.body.kind === "cancelled") await this.transfers.cancelled(step, frame.body, nowMs);
    else if (frame.body.kind === "content") await this.takeContent(step, frame.body.content, frame);
    else this.#context.discards.add("unsupported-frame");
  }

  /** @param bytes - a content frame */
  async takeContent(
    step: SessionStep,
    bytes: Uint8Array,
    { timestampMs }: { readonly timestampMs: number },
  ): Promise<void> {
    const content = decodeContentFrame(bytes);
    const { conversationId } = step.session;
    if (readReceiptType.is(content)) await this.#read(step, content.messageIds.at(-1) ?? "");
    else if (typingType.is(content)) {
      step.afterwards(() => this.#typing.heard(conversationId, !content.isStopped, timestampMs));
    } else this.#context.discards.add("unsupported-frame");
  }

  /**
   * The peer's user has read this message and what stands before it. It counts for the message that is named, since who has
   * its name has the message, and for others as far as they are delivered: the peer may not have them.
   */
  async #read(step: SessionStep, id: string): Promise<void> {
    const { store, transfers } = this.#context;
    const { conversationId } = step.session;
    const message = await store.messages.messageState(id);
    if (message?.conversationId !== conversationId || message.direction !== "outgoing" || !transfers.isMade(id)) return;
    const delivered = await store.messages.deliveredUntil(conversationId, message.lamport, MAX_READ_AT_ONCE);
    const isNews = nextStatus(message.status, "read") === "read" && message.status !== "read";
    const read = new Set(isNews ? [...delivered, id] : delivered);
    step.write(({ messages }) => {
      for (const messageId of read) messages.setStatus(messageId, "read");
    });
    for (const messageId of read) step.notify({ kind: "status", messageId, conversationId, status: "read" });
  }
}
