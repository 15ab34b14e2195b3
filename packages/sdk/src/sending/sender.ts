/**
 * What the application sends: content → frame → its way out, in one transaction with the message.
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
import { openChannel } from "@chat/sds";
import type { OutboxPriority } from "@chat/store";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import { messageId } from "../message.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { MAX_HYBRID_SEGMENT_SIZE } from "../sizes.ts";
import type { WayOut } from "./way-out.ts";

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
  readonly #way: WayOut;

  constructor(context: Context, way: WayOut) {
    this.#context = context;
    this.#way = way;
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
    const { conversationId } = step.session;
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
    const lamport = this.#way.put(step, { messageId: id, frame, priority });
    const storedAtMs = clock.nowMs();
    step.write(({ messages }) => messages.putMessage({ ...message, status: "queued", lamport, storedAtMs }));
    step.notify({ kind: "status", messageId: id, conversationId, status: "queued" });
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
