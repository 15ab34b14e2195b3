/**
 * The way out: content → frame → segments → SDS → ratchet → envelope → one transaction.
 * Nothing here touches the network; the outbox does, afterwards.
 * @module
 */
import {
  type AnyContent,
  type Content,
  contentTypeName,
  deriveConversationKeys,
  encodeContentFrame,
  encodePrivateFrame,
} from "@chat/codec";
import { accountId, type RemoteInvite, startSession } from "@chat/ratchet";
import { openChannel, SdsError, type SendOptions, send as sendSds } from "@chat/sds";
import { SegmentationError, Segmenter } from "@chat/segmentation";
import type { OutboxPriority } from "@chat/store";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import { messageId } from "../message.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { CONTENT_HISTORY, FIRST_MESSAGE_HISTORY, MAX_HYBRID_SEGMENT_SIZE, MAX_SEGMENT_SIZE } from "../sizes.ts";

type Outgoing = { readonly content: Content; readonly priority: OutboxPriority };
type Waiting = Outgoing & {
  readonly resolve: (messageId: string) => void;
  readonly reject: (error: unknown) => void;
};

export class Sender {
  readonly #context: Context;
  /** By conversation: what was sent while an earlier operation had its turn. */
  readonly #waiting = new Map<string, Waiting[]>();
  /** By conversation: the newest frame's time. */
  readonly #lastSentAtMs = new Map<string, number>();
  readonly #segmenter: Segmenter;
  readonly #hybridSegmenter: Segmenter;

  constructor(context: Context) {
    this.#context = context;
    const options = { wrap: "always", parity: "none", random: context.random } as const;
    this.#segmenter = new Segmenter({ ...options, maxMessageSize: MAX_SEGMENT_SIZE });
    this.#hybridSegmenter = new Segmenter({ ...options, maxMessageSize: MAX_HYBRID_SEGMENT_SIZE });
  }

  /** Resolves with the message id once the message is durable. Messages that wait together become durable together. */
  send(conversationId: string, outgoing: Outgoing): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const waiting = this.#waiting.get(conversationId) ?? [];
    waiting.push({ ...outgoing, resolve, reject });
    this.#waiting.set(conversationId, waiting);
    if (waiting.length === 1) void this.#context.serial.run(conversationId, () => this.#sendWaiting(conversationId));
    return promise;
  }

  /** One transaction for all that has gathered, except that what cannot be sent at all fails alone. */
  async #sendWaiting(conversationId: string): Promise<void> {
    const waiting = this.#waiting.get(conversationId) ?? [];
    this.#waiting.delete(conversationId);
    const session = this.#context.sessions.forSending(conversationId);
    if (session === undefined) {
      const error = this.#noSession(conversationId);
      for (const { reject } of waiting) reject(error);
      return;
    }
    const step = new SessionStep(session, this.#context);
    const sent: (() => void)[] = [];
    const failed: ((error: unknown) => void)[] = [];
    for (const { resolve, reject, ...outgoing } of waiting) {
      const takeBack = step.checkpoint();
      try {
        const id = await this.#add(step, outgoing);
        sent.push(() => resolve(id));
        failed.push(reject);
      } catch (error) {
        takeBack();
        reject(error);
      }
    }
    try {
      await step.commit();
      for (const resolve of sent) resolve();
    } catch (error) {
      for (const reject of failed) reject(error);
    }
  }

  /**
   * Starts a session from somebody's invite, or takes the one that was started from it before.
   * Resolves with the conversation id once conversation and first message are durable.
   */
  accept(invite: RemoteInvite, outgoing: Outgoing | undefined): Promise<string> {
    const conversationId = accountId(invite.identity);
    return this.#context.serial.run(conversationId, async () => {
      const started = this.#context.sessions
        .all()
        .find(({ outgoingHandshake }) => outgoingHandshake && equalBytes(outgoingHandshake.prekey, invite.prekey));
      const step = new SessionStep(started ?? this.#startSession(invite, conversationId), this.#context);
      await step.ensureConversation();
      if (outgoing !== undefined) await this.#add(step, outgoing);
      await step.commit();
      return conversationId;
    });
  }

  #noSession(conversationId: string): ChatError {
    if (!this.#context.sessions.hasRestored(conversationId)) {
      return new ChatError("NOT_FOUND", `no session in conversation ${conversationId}`);
    }
    const message = "the database was restored from an older state; accept a new invite of the other side, or send one";
    return new ChatError("RESTORED", message);
  }

  #startSession(invite: RemoteInvite, conversationId: string): Session {
    const { account, random } = this.#context;
    const options = { identity: account.keys, deriveKeys: deriveConversationKeys, random };
    const { session, keys, handshake } = startSession(invite, options);
    const { ephemeral, kemCiphertext } = handshake;
    return {
      id: session.id,
      conversationId,
      peerKey: session.peer,
      initiator: true,
      base: session.base,
      ratchet: session.ratchet,
      sendingKeys: keys.initiatorToResponder,
      receivingKeys: keys.responderToInitiator,
      outgoingHandshake: {
        ephemeral,
        prekey: invite.prekey,
        isAnswered: false,
        ...(kemCiphertext && { kemCiphertext }),
      },
      sds: openChannel("I"),
    };
  }

  /** Adds the whole way of one message to the step. */
  async #add(step: SessionStep, { content, priority }: Outgoing): Promise<string> {
    const { clock, outbox } = this.#context;
    const { id, frame, contentFrame, sentAtMs } = await this.#frame(step.session, content);
    const { id: sessionId, conversationId, outgoingHandshake } = step.session;
    const contentType = contentTypeName(contentFrame);
    const message = {
      id,
      conversationId,
      direction: "outgoing",
      content: contentFrame,
      ...(contentType !== undefined && { contentType }),
      sentAtMs,
    } as const;
    const envelopes = Math.ceil(frame.length / MAX_HYBRID_SEGMENT_SIZE);
    if (priority === "optional" && !outbox.hasRoomForOptional(step.envelopes + envelopes)) {
      // Before it is encrypted: nothing of it is known to anybody.
      const { lamport } = step.session.sds;
      step.write(({ messages }) =>
        messages.putMessage({ ...message, status: "dropped", lamport, storedAtMs: clock.nowMs() }),
      );
      step.notify({ kind: "status", messageId: id, conversationId, status: "dropped" });
      return id;
    }
    outbox.assertRoom(step.envelopes + envelopes, step.bytes + frame.length);
    const outgoing: { sdsId: string; bytes: Uint8Array }[] = [];
    const maxHistory = outgoingHandshake?.isAnswered === false ? FIRST_MESSAGE_HISTORY : CONTENT_HISTORY;
    let lamport = 0;
    let after = step.session.sds.previousId;
    for (const segment of this.#segments(step.session, frame)) {
      // What is not critical may be overtaken: no later message names it, or the peer would miss what has not left.
      const beside = priority === "critical" ? undefined : { after };
      const sent = this.#sendSds(step.session, segment, maxHistory, beside);
      after = sent.messageId;
      step.session = { ...step.session, sds: sent.state };
      outgoing.push({ sdsId: sent.messageId, bytes: sent.bytes });
      lamport = sent.lamport;
      step.sendSds(sent.bytes, { purpose: "content", messageId: id, priority });
    }
    const storedAtMs = clock.nowMs();
    step.write(({ messages }) => {
      messages.putMessage({ ...message, status: "queued", lamport, storedAtMs });
      for (const { sdsId, bytes } of outgoing) {
        messages.putOutgoing({ sessionId, sdsId, messageId: id, bytes });
        messages.logSdsId(sessionId, sdsId, lamport);
      }
    });
    step.notify({ kind: "status", messageId: id, conversationId, status: "queued" });
    step.notify({ kind: "session", sessionId, owesAcknowledgement: false });
    return id;
  }

  /** A frame whose id is free: a clock that stands still or jumps back must not make two messages one. */
  async #frame(session: Session, content: Content) {
    const { clock, account, store } = this.#context;
    const contentFrame = encodeContentFrame(content);
    const afterMs = this.#lastSentAtMs.get(session.conversationId) ?? 0;
    for (let sentAtMs = Math.max(clock.nowMs(), afterMs + 1); ; sentAtMs += 1) {
      const frame = encodePrivateFrame({ timestampMs: sentAtMs, body: { kind: "content", content: contentFrame } });
      const id = messageId(account.keys.publicKey, session.peerKey, frame);
      if ((await store.messages.message(id)) !== undefined) continue;
      this.#lastSentAtMs.set(session.conversationId, sentAtMs);
      return { id, frame, contentFrame, sentAtMs };
    }
  }

  #sendSds({ sds }: Session, segment: Uint8Array, maxHistory: number, beside: SendOptions["beside"]) {
    const { clock, random } = this.#context;
    try {
      return sendSds(sds, segment, { nowMs: clock.nowMs(), maxHistory, random, ...(beside && { beside }) });
    } catch (cause) {
      if (!(cause instanceof SdsError) || cause.code !== "CHANNEL_FULL") throw cause;
      const message = "too much in this conversation is unconfirmed; send more when the other side has been online";
      throw new ChatError("CONVERSATION_FULL", message, { cause, retryable: true });
    }
  }

  #segments({ outgoingHandshake: handshake }: Session, frame: Uint8Array): Iterable<Uint8Array> {
    const isHybrid = handshake?.isAnswered === false && handshake.kemCiphertext !== undefined;
    try {
      return (isHybrid ? this.#hybridSegmenter : this.#segmenter).segment(frame);
    } catch (cause) {
      if (!(cause instanceof SegmentationError) || cause.code !== "PAYLOAD_TOO_LARGE") throw cause;
      throw new ChatError("MESSAGE_TOO_LARGE", `message: want ≤ 100 MB, got ${frame.length} bytes; send it in parts`, {
        cause,
      });
    }
  }
}

/** What somebody waits for goes first, what is of no use later goes now or never, and a file takes what that leaves. */
export function defaultPriority({ kind }: AnyContent): OutboxPriority {
  switch (kind) {
    case "text":
    case "reply":
    case "edit":
    case "delete":
      return "critical";
    case "typing":
    case "readReceipt":
      return "optional";
    default:
      return "normal";
  }
}
