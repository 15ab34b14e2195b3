/**
 * The way in: hint → envelope → ratchet → SDS → segments → frame → one transaction → event.
 * Takes whatever the network delivers, in any order and any number of times; never throws for what it is given.
 * @module
 */
import {
  decodePrivateFrame,
  deriveConversationKeys,
  type EncryptedPayload,
  encodeNewerPart,
  openEnvelope,
  type ParsedEnvelope,
  type PrivateFrame,
  parseEnvelope,
  type UnsupportedPayload,
  unsupportedVersion,
} from "@chat/codec";
import {
  accountId,
  agreeAsResponder,
  decrypt,
  deriveSession,
  isValidPublicKey,
  sessionAssociatedData,
  startAsResponder,
  wipe,
} from "@chat/ratchet";
import { acknowledge, idsIn, openChannel, parse as parseSds, receive as receiveSds, type SdsEvent } from "@chat/sds";
import type { NewMessageRecord } from "@chat/store";
import { encodeRecord, type Invite, isLive } from "../account/invite-book.ts";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import type { InboundMessage } from "../delivery/delivery-service.ts";
import { digest128 } from "../digest.ts";
import { messageId } from "../message.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { ACKNOWLEDGEMENT_HISTORY } from "../sizes.ts";
import type { DiscardReason } from "./discard-counters.ts";
import { EarlyMessages } from "./early-messages.ts";
import type { PartialSets } from "./partial-sets.ts";
import { SeenHashes } from "./seen-hashes.ts";

type RatchetPayload = Extract<EncryptedPayload, { kind: "ratchet" }>;
type HandshakePayload = Extract<EncryptedPayload, { kind: "handshake" }>;

/** `early`: it is held until what it follows has arrived. */
type Outcome = "durable" | "early" | DiscardReason;

/** One try to process a message; it can be repeated until it is durable. */
type Attempt = (how: HowToTake) => Promise<Outcome>;
type HowToTake = {
  /** Whether a message that came too early may wait. */
  readonly mayHold: boolean;
  readonly retry: (options: { readonly mayHold: boolean }) => void;
  readonly sizeBytes: number;
};

export class Receiver {
  readonly #context: Context;
  readonly #partialSets: PartialSets;
  readonly #seen: SeenHashes;
  readonly #early: EarlyMessages;

  constructor(context: Context, partialSets: PartialSets) {
    this.#context = context;
    this.#partialSets = partialSets;
    this.#seen = new SeenHashes(context.clock);
    this.#early = new EarlyMessages(context.clock);
  }

  /** Resolves when the message is durable, held, or discarded. */
  async receive({ hash, payload }: InboundMessage): Promise<void> {
    if (!this.#seen.add(hash)) return;
    const envelope = parseEnvelope(payload);
    if (envelope === undefined) {
      const isNewer = unsupportedVersion(payload) !== undefined;
      return this.#context.discards.add(isNewer ? "newer-envelope" : "not-an-envelope");
    }
    const sessions = this.#context.sessions.matching(envelope);
    const attempt: Attempt =
      sessions.length > 0
        ? (how) => this.#ordinaryMessage(sessions, envelope, how)
        : (how) => this.#firstMessage(envelope, how);
    await this.#run(hash, payload.length, attempt, { mayHold: true });
  }

  /** Whether a message has been held for so long because one before it has not arrived. */
  hasWaited(durationMs: number): boolean {
    return this.#early.hasWaited(durationMs);
  }

  close(): void {
    this.#early.close();
  }

  async #run(hash: string, sizeBytes: number, attempt: Attempt, { mayHold }: { mayHold: boolean }): Promise<void> {
    const retry = (options: { mayHold: boolean }) => void this.#run(hash, sizeBytes, attempt, options);
    try {
      const outcome = await attempt({ mayHold, retry, sizeBytes });
      if (outcome !== "durable" && outcome !== "early") this.#context.discards.add(outcome);
    } catch (error) {
      // The disk, not the message: it may come again, and nothing of it was kept.
      this.#seen.delete(hash);
      this.#context.notifier.notify({ kind: "error", error });
    }
  }

  /** @param candidates - sessions whose key made the hint; more than one only by a rare chance */
  async #ordinaryMessage(candidates: readonly Session[], envelope: ParsedEnvelope, how: HowToTake): Promise<Outcome> {
    let outcome: Outcome = "not-for-us";
    for (const { id, conversationId } of candidates) {
      outcome = await this.#context.serial.run(conversationId, async () => {
        const session = this.#context.sessions.get(id);
        const payload = session && openEnvelope(envelope, session.receivingKeys);
        if (session === undefined || payload === undefined) return "undecryptable";
        if (payload.kind === "unsupported") return this.#unsupportedPayload(session, payload);
        if (payload.kind !== "ratchet") return "undecryptable";
        const step = new SessionStep(answered(session), this.#context);
        return this.#openAndCommit(step, payload.message, how, { isOrdinary: true });
      });
      if (outcome !== "undecryptable") break;
    }
    return outcome;
  }

  async #firstMessage(envelope: ParsedEnvelope, how: HowToTake): Promise<Outcome> {
    const match = this.#context.invites.matching(envelope);
    if (match === undefined) return "not-for-us";
    const payload = openEnvelope(envelope, match.keys);
    wipe(match.keys.sealKey, match.keys.hintKey);
    if (payload?.kind === "unsupported") return "unsupported-handshake";
    if (payload?.kind !== "handshake") return "undecryptable";
    const { initiator, ephemeral } = payload;
    if (!isValidPublicKey(initiator) || !isValidPublicKey(ephemeral)) return "handshake-refused";
    if (equalBytes(initiator, this.#context.account.keys.publicKey)) return "handshake-refused";
    const handshakeId = digest128(initiator, ephemeral);
    // One invite at a time: two first messages of one session must not both create it.
    return this.#context.serial.run(`invite ${match.invite.id}`, async () => {
      const session = this.#context.sessions.byHandshake(handshakeId);
      if (session === undefined) return this.#newSession(match.invite.id, handshakeId, payload, how);
      return this.#context.serial.run(session.conversationId, () => {
        const current = this.#context.sessions.get(session.id) ?? session;
        return this.#openAndCommit(new SessionStep(current, this.#context), payload.message, how);
      });
    });
  }

  /** protocol.md, "Accepting a first message": nothing exists until its ratchet message has opened. */
  async #newSession(
    inviteId: string,
    handshakeId: string,
    payload: HandshakePayload,
    how: HowToTake,
  ): Promise<Outcome> {
    const { store, invites, clock, serial } = this.#context;
    const invite = invites.get(inviteId);
    if (invite === undefined || !isLive(invite, clock.nowMs())) return "handshake-refused";
    if (await store.secrets.hasHandshake(inviteId, handshakeId)) return "handshake-refused";
    const conversationId = accountId(payload.initiator);
    return serial.run(conversationId, async () => {
      const step = new SessionStep(this.#respond(invite, handshakeId, conversationId, payload), this.#context);
      const closed: Invite = { ...invite, closedAtMs: clock.nowMs() };
      await step.ensureConversation();
      step.write(({ secrets }) => {
        secrets.putInvite(encodeRecord(closed));
        secrets.addHandshake(inviteId, handshakeId);
      });
      step.afterwards(() => invites.replace(closed));
      return this.#openAndCommit(step, payload.message, how, { acknowledgeAtOnce: true });
    });
  }

  #respond(invite: Invite, handshakeId: string, conversationId: string, payload: HandshakePayload): Session {
    const { account } = this.#context;
    const { initiator: peerKey, ephemeral } = payload;
    const shared = agreeAsResponder({
      identity: account.keys,
      prekey: invite.keys,
      remoteIdentity: peerKey,
      remoteEphemeral: ephemeral,
    });
    const { secret, base, responderConversationId } = deriveSession(shared);
    const keys = deriveConversationKeys(secret);
    const associatedData = sessionAssociatedData(peerKey, account.keys.publicKey);
    const ratchet = startAsResponder({ sharedSecret: secret, keyPair: invite.keys, associatedData });
    wipe(shared, secret);
    return {
      id: responderConversationId,
      conversationId,
      peerKey,
      initiator: false,
      base,
      ratchet,
      sendingKeys: keys.responderToInitiator,
      receivingKeys: keys.initiatorToResponder,
      incomingHandshake: { inviteId: invite.id, handshakeId, isConfirmed: false },
      sds: openChannel("R"),
    };
  }

  /** Everything from the ratchet to the transaction. Until `commit`, nothing has changed. */
  async #openAndCommit(
    step: SessionStep,
    message: RatchetPayload["message"],
    { mayHold, retry, sizeBytes }: HowToTake,
    { acknowledgeAtOnce = false, isOrdinary = false } = {},
  ): Promise<Outcome> {
    const { clock, store, notifier, outbox } = this.#context;
    const nowMs = clock.nowMs();
    const opened = decrypt(step.session.ratchet, message, { nowMs });
    if (opened.kind === "rejected") return "undecryptable";
    const sdsMessage = parseSds(opened.plaintext);
    if (sdsMessage === undefined) return "malformed-sds";
    const known = await store.messages.knownSdsIds(step.session.id, idsIn(step.session.sds, sdsMessage));
    const received = receiveSds(step.session.sds, sdsMessage, { nowMs, isKnown: (id) => known.has(id) });
    if (received.events.some(({ kind }) => kind === "discarded")) return "malformed-sds";
    const missing = new Set(received.state.missing.map(({ messageId }) => messageId));
    const waitsFor = sdsMessage.history.filter((id) => missing.has(id));
    const content = received.events.find((event) => event.kind === "content");
    if (mayHold && content !== undefined && waitsFor.length > 0) {
      const { lamport } = content;
      if (this.#early.hold(step.session.id, { waitsFor, lamport, sizeBytes, retry })) {
        notifier.notify({ kind: "early" });
        return "early";
      }
    }
    step.session = { ...step.session, ratchet: opened.state, sds: received.state };
    step.consume(opened.consumed);
    if (isOrdinary && missing.size === 0) this.#confirmHandshake(step);
    try {
      await this.#apply(step, received.events, nowMs);
      const acknowledgement =
        acknowledgeAtOnce && outbox.canAcknowledge(step.session.id, 0)
          ? acknowledge(step.session.sds, { nowMs, maxHistory: ACKNOWLEDGEMENT_HISTORY })
          : undefined;
      if (acknowledgement !== undefined) {
        step.session = { ...step.session, sds: acknowledgement.state };
        step.sendSds(acknowledgement.bytes, { purpose: "acknowledgement", priority: "normal" });
      }
      if (content !== undefined) step.afterwards(() => this.#early.arrived(step.session.id, content.messageId));
      await step.commit();
    } catch (error) {
      await this.#partialSets.reload();
      throw error;
    }
    return "durable";
  }

  async #apply(step: SessionStep, events: readonly SdsEvent[], nowMs: number): Promise<void> {
    const { id: sessionId, conversationId } = step.session;
    const acknowledged: string[] = [];
    const counts = { missing: 0, found: 0 };
    let owesAcknowledgement = false;
    for (const event of events) {
      if (event.kind === "acknowledged") acknowledged.push(event.messageId);
      else if (event.kind === "missing" || event.kind === "found") counts[event.kind] += 1;
      else if (event.kind === "duplicate") owesAcknowledgement = true;
      else if (event.kind === "content") {
        owesAcknowledgement = true;
        step.write((tx) => tx.messages.logSdsId(sessionId, event.messageId, event.lamport));
        this.#acceptSegment(step, event.content, event.lamport, nowMs);
      }
    }
    await this.#acknowledged(step, acknowledged);
    for (const kind of ["missing", "found"] as const) {
      if (counts[kind] > 0) step.notify({ kind, conversationId, count: counts[kind] });
    }
    step.notify({ kind: "session", sessionId, owesAcknowledgement });
  }

  #acceptSegment(step: SessionStep, segment: Uint8Array, lamport: number, nowMs: number): void {
    const { id: sessionId } = step.session;
    const result = this.#partialSets.accept(sessionId, segment, nowMs);
    for (const set of this.#partialSets.givenUp(nowMs)) {
      step.write((tx) => tx.messages.deleteSegments(set.sessionId, set.setId));
    }
    if (result.kind === "discarded") {
      if (result.reason === "duplicate") return;
      this.#context.discards.add("malformed-segment");
      return;
    }
    if (result.kind === "pending") {
      const { setId, index, isParity } = result;
      const record = { sessionId, setId, index, isParity, bytes: segment, storedAtMs: nowMs };
      step.write((tx) => tx.messages.putSegment(record));
      return;
    }
    const { setId, payload } = result;
    if (setId !== undefined) step.write((tx) => tx.messages.deleteSegments(sessionId, setId));
    this.#acceptFrame(step, payload, lamport, nowMs);
  }

  #acceptFrame(step: SessionStep, bytes: Uint8Array, lamport: number, nowMs: number): void {
    const frame = decodePrivateFrame(bytes);
    const content = frame && contentOf(frame.body);
    if (content === undefined) {
      this.#context.discards.add(frame === undefined ? "malformed-frame" : "unsupported-frame");
      return;
    }
    this.#putIncoming(step, bytes, { content, lamport, sentAtMs: frame?.timestampMs ?? nowMs, storedAtMs: nowMs });
  }

  /**
   * A payload that only the peer could seal, of a later version of the protocol: the application learns that it is there.
   * It is not acknowledged, so its sender knows that it was not understood.
   */
  async #unsupportedPayload(session: Session, { member, bytes }: UnsupportedPayload): Promise<Outcome> {
    const { clock, store } = this.#context;
    const step = new SessionStep(session, this.#context);
    // Nothing but its id tells a repetition from a new one.
    if ((await store.messages.message(this.#incomingId(session, bytes))) !== undefined) return "durable";
    const nowMs = clock.nowMs();
    const content = encodeNewerPart("unknown-payload", member, bytes);
    this.#putIncoming(step, bytes, { content, lamport: session.sds.lamport, sentAtMs: nowMs, storedAtMs: nowMs });
    await step.commit();
    return "durable";
  }

  #putIncoming(
    step: SessionStep,
    frame: Uint8Array,
    fields: Pick<NewMessageRecord, "content" | "lamport" | "sentAtMs" | "storedAtMs">,
  ): void {
    const { conversationId } = step.session;
    const id = this.#incomingId(step.session, frame);
    step.write((tx) =>
      tx.messages.putMessage({ id, conversationId, direction: "incoming", status: "received", ...fields }),
    );
    step.notify({ kind: "incoming", messageId: id });
  }

  #incomingId({ peerKey }: Session, frame: Uint8Array): string {
    return messageId(peerKey, this.#context.account.keys.publicKey, frame);
  }

  /** A message is delivered when the last of its parts is acknowledged. */
  async #acknowledged(step: SessionStep, sdsIds: readonly string[]): Promise<void> {
    const { messages } = this.#context.store;
    const { id: sessionId, conversationId } = step.session;
    const parts = new Map<string, number>();
    for (const sdsId of sdsIds) {
      const part = await messages.outgoing(sessionId, sdsId);
      if (part === undefined) continue;
      parts.set(part.messageId, (parts.get(part.messageId) ?? 0) + 1);
      step.write((tx) => tx.messages.deleteOutgoing(sessionId, sdsId));
    }
    for (const [id, count] of parts) {
      if ((await messages.pendingCount(id)) > count) continue;
      step.write((tx) => tx.messages.setStatus(id, "delivered"));
      step.notify({ kind: "status", messageId: id, conversationId, status: "delivered" });
    }
  }

  /**
   * The invite's key goes once an ordinary envelope of its session has arrived and nothing before that is missing:
   * first messages that are late still need it.
   */
  #confirmHandshake(step: SessionStep): void {
    const { incomingHandshake } = step.session;
    if (incomingHandshake === undefined || incomingHandshake.isConfirmed) return;
    step.session = { ...step.session, incomingHandshake: { ...incomingHandshake, isConfirmed: true } };
    const { inviteId } = incomingHandshake;
    step.write((tx) => tx.secrets.deleteInvite(inviteId));
    step.afterwards(() => this.#context.invites.remove(inviteId));
  }
}

/** What the application gets: the content, or what stands in its place; undefined for what it has no part in. */
function contentOf(body: PrivateFrame["body"]): Uint8Array | undefined {
  if (body.kind === "content") return body.content;
  if (body.kind === "renewal" || body.member === 0) return undefined;
  return encodeNewerPart("unknown-frame", body.member, body.frame);
}

/** Anything that opens on the session shows the initiator that the responder has it. */
function answered(session: Session): Session {
  const { outgoingHandshake } = session;
  if (outgoingHandshake === undefined || outgoingHandshake.isAnswered) return session;
  return { ...session, outgoingHandshake: { ...outgoingHandshake, isAnswered: true } };
}
