/**
 * What the application sends: content → frame → its way out, in one transaction with the message.
 * Nothing here touches the network; the outbox does, afterwards.
 * @module
 */
import { type Content, contentTypeName, encodeContentFrame, encodePrivateFrame } from "@chat/codec";
import { accountId, addSession, type RemoteInvite, startSession } from "@chat/ratchet";
import { readSetId } from "@chat/segmentation";
import type { OutboxPriority } from "@chat/store";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import { messageId } from "../message.ts";
import { newPeerFile } from "../peers/peer-file.ts";
import { acceptRequest } from "../peers/requests.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { outgoingSession, startOptions } from "../sessions/start-outgoing.ts";
import type { Transfers } from "./transfers.ts";
import { segmentSizeOf, type WayOut } from "./way-out.ts";

type Outgoing = {
  readonly content: Content;
  readonly priority: OutboxPriority;
  /** Of the application: sent once only with it. */
  readonly key?: string;
};
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
  readonly #transfers: Transfers;

  constructor(context: Context, way: WayOut, transfers: Transfers) {
    this.#context = context;
    this.#way = way;
    this.#transfers = transfers;
  }

  /** Resolves with the message id once the message is durable. Messages that wait together become durable together. */
  async send(conversationId: string, outgoing: Outgoing): Promise<string> {
    checkIsMessage(outgoing.content);
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
    const { peers } = this.#context;
    const session = peers.sessionForSending(conversationId);
    if (session === undefined || peers.isBlocked(conversationId)) {
      const error = this.#noSession(conversationId);
      for (const { reject } of waiting) reject(error);
      return;
    }
    const step = new SessionStep(session, this.#context);
    acceptRequest(step, this.#context);
    const keyed = new Map<string, string>();
    const sent: (() => void)[] = [];
    const failed: ((error: unknown) => void)[] = [];
    for (const { resolve, reject, ...outgoing } of waiting) {
      const takeBack = step.checkpoint();
      try {
        const { key } = outgoing;
        const known = key === undefined ? undefined : (keyed.get(key) ?? (await this.#withKey(conversationId, key)));
        const id = known ?? (await this.#add(step, outgoing));
        if (key !== undefined) keyed.set(key, id);
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
  async accept(invite: RemoteInvite, outgoing: Outgoing | undefined): Promise<string> {
    if (outgoing !== undefined) checkIsMessage(outgoing.content);
    const conversationId = accountId(invite.identity);
    return this.#context.serial.run(conversationId, async () => {
      if (this.#context.peers.isBlocked(conversationId)) throw this.#noSession(conversationId);
      const step = this.#stepFrom(invite, conversationId);
      acceptRequest(step, this.#context);
      await step.ensureConversation();
      const known = outgoing?.key === undefined ? undefined : await this.#withKey(conversationId, outgoing.key);
      if (outgoing !== undefined && known === undefined) await this.#add(step, outgoing);
      await step.commit();
      return conversationId;
    });
  }

  /** The message that an earlier call with the key has sent. */
  #withKey(conversationId: string, key: string): Promise<string | undefined> {
    return this.#context.store.messages.messageWithKey(conversationId, key);
  }

  #noSession(conversationId: string): ChatError {
    const { peers } = this.#context;
    if (peers.isBlocked(conversationId)) {
      return new ChatError("BLOCKED", "this account is blocked; unblock it to write to it");
    }
    if ((peers.get(conversationId)?.sessions.sessions.length ?? 0) === 0) {
      return new ChatError("NOT_FOUND", `no session in conversation ${conversationId}`);
    }
    const message = "the database was restored from an older state; accept a new invite of the other side, or send one";
    return new ChatError("RESTORED", message);
  }

  /** The session that was started from the invite before, or a new one. */
  #stepFrom(invite: RemoteInvite, conversationId: string): SessionStep {
    const { sessions, peers, clock } = this.#context;
    const known = peers.get(conversationId);
    const started = sessions
      .all()
      .find(({ outgoingHandshake }) => outgoingHandshake && equalBytes(outgoingHandshake.prekey, invite.prekey));
    if (started !== undefined) return new SessionStep(started, this.#context);
    const session = startSession(invite, startOptions(this.#context));
    const file = known ?? newPeerFile(conversationId, invite.identity, "open");
    const step = new SessionStep(outgoingSession(conversationId, invite.prekey, session), this.#context, file);
    step.change(addSession(file.sessions, session.session, { nowMs: clock.nowMs() }));
    return step;
  }

  /** Adds the whole way of one message to the step. */
  async #add(step: SessionStep, { content, priority, key }: Outgoing): Promise<string> {
    const { clock, outbox } = this.#context;
    const { id, segments, frameLength, contentFrame, sentAtMs } = await this.#frame(step.session, content);
    const { conversationId } = step.session;
    const contentType = contentTypeName(contentFrame);
    const message = {
      id,
      conversationId,
      direction: "outgoing",
      content: contentFrame,
      ...(contentType !== undefined && { contentType }),
      ...(key !== undefined && { key }),
      sentAtMs,
    } as const;
    const { total } = segments;
    if (priority === "optional" && !outbox.hasRoomForOptional(step.envelopes + total)) {
      // Before it is encrypted: nothing of it is known to anybody.
      const { lamport } = step.session.sds;
      step.write(({ messages }) =>
        messages.putMessage({ ...message, status: "dropped", lamport, storedAtMs: clock.nowMs() }),
      );
      step.notify({ kind: "status", messageId: id, conversationId, status: "dropped" });
      return id;
    }
    outbox.assertRoom(step.envelopes + total, step.bytes + frameLength);
    const lamport =
      total > 1 && priority !== "critical"
        ? this.#transfers.begin(step, segments, { messageId: id, priority, segmentSize: segmentSizeOf(step.session) })
        : this.#way.putAll(step, { messageId: id, priority, segments });
    const storedAtMs = clock.nowMs();
    step.write(({ messages }) => messages.putMessage({ ...message, status: "queued", lamport, storedAtMs }));
    step.notify({ kind: "status", messageId: id, conversationId, status: "queued" });
    return id;
  }

  /** A frame whose id is free: a clock that stands still or jumps back must not make two messages one. */
  async #frame(session: Session, content: Content) {
    const { clock, account, store } = this.#context;
    const encoded = encodeContentFrame(content);
    const afterMs = this.#lastSentAtMs.get(session.conversationId) ?? 0;
    for (let sentAtMs = Math.max(clock.nowMs(), afterMs + 1); ; sentAtMs += 1) {
      const frame = encodePrivateFrame({ timestampMs: sentAtMs, body: { kind: "content", content: encoded } });
      const segments = this.#way.cut(frame, segmentSizeOf(session));
      const id = messageId(account.keys.publicKey, session.peerKey, readSetId(segments.setId ?? "").payloadHash);
      if ((await store.messages.messageState(id)) !== undefined) continue;
      this.#lastSentAtMs.set(session.conversationId, sentAtMs);
      // It ends with the content, which a file has in memory once only.
      const contentFrame = frame.subarray(frame.length - encoded.length);
      return { id, segments, frameLength: frame.length, contentFrame, sentAtMs };
    }
  }
}

/** Signals are no messages: nobody keeps them. */
function checkIsMessage({ kind }: Content): void {
  const call =
    kind === "typing" ? "conversation.typing()" : kind === "readReceipt" ? "conversation.markRead()" : undefined;
  if (call !== undefined) throw new ChatError("INVALID_OPTION", `content: want a message, got "${kind}"; use ${call}`);
}
