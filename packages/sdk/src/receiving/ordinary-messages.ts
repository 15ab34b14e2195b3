/**
 * Messages of sessions that exist: the ratchet step, and what the message brings, in one transaction.
 * @module
 */
import {
  type EncryptedPayload,
  encodeNewerPart,
  openEnvelope,
  type ParsedEnvelope,
  type UnsupportedPayload,
} from "@chat/codec";
import { decrypt, noteOpened, noteUnopened } from "@chat/ratchet";
import type { Context } from "../context.ts";
import { changePeer } from "../peers/change-peer.ts";
import { reachOf } from "../peers/gap.ts";
import { isNews } from "../peers/peer-file.ts";
import { refusalOf, withStored } from "../peers/requests.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import type { Arrivals } from "./arrivals.ts";
import { incomingId, putIncoming } from "./incoming-content.ts";
import { isKnownRatchetKey, logRatchetKey } from "./known-ratchet-keys.ts";
import type { Outcome } from "./outcome.ts";

type RatchetMessage = Extract<EncryptedPayload, { kind: "ratchet" }>["message"];

export class OrdinaryMessages {
  readonly #context: Context;
  readonly #arrivals: Arrivals;

  constructor(context: Context, arrivals: Arrivals) {
    this.#context = context;
    this.#arrivals = arrivals;
  }

  /** @param candidates - sessions whose key made the hint; more than one only by a rare chance */
  async take(candidates: readonly Session[], envelope: ParsedEnvelope): Promise<Outcome> {
    let outcome: Outcome = "not-for-us";
    for (const { id, conversationId } of candidates) {
      outcome = await this.#context.serial.run(conversationId, async () => {
        const session = this.#context.sessions.get(id);
        const payload = session && openEnvelope(envelope, session.receivingKeys);
        if (session === undefined || payload === undefined) return "undecryptable";
        if (this.#context.peers.isBlocked(conversationId)) return "blocked";
        if (payload.kind === "unsupported") return this.#unsupported(session, payload);
        if (payload.kind !== "ratchet") return "undecryptable";
        return this.open(answered(session), payload.message, { isOrdinary: true });
      });
      if (outcome !== "undecryptable") break;
    }
    return outcome;
  }

  /** Everything from the ratchet to the transaction, in the conversation's turn. Until then, nothing has changed. */
  async open(
    session: Session,
    message: RatchetMessage,
    { isOrdinary }: { readonly isOrdinary: boolean },
  ): Promise<Outcome> {
    const nowMs = this.#context.clock.nowMs();
    const opened = decrypt(session.ratchet, message, { nowMs });
    if (opened.kind === "rejected") {
      if (isOrdinary) await this.#noteUnopened(session, message, nowMs);
      return "undecryptable";
    }
    const arrival = await this.#arrivals.read(session, opened.plaintext, nowMs);
    if (arrival === undefined) return "malformed-sds";
    const step = new SessionStep({ ...session, ratchet: opened.state, sds: arrival.state }, this.#context);
    step.consume(opened.consumed);
    if (arrival.events.some(({ kind }) => kind === "content")) {
      const refusal = refusalOf(step.peer, opened.plaintext.length);
      if (refusal !== undefined) return refusal;
      step.peer = withStored(step.peer, opened.plaintext.length);
    }
    step.change(noteOpened(step.peer.sessions, session.id, message, { nowMs }));
    logRatchetKey(step, message, session.ratchet);
    if (isOrdinary && arrival.isComplete && !this.#arrivals.isWaiting(session.id)) this.#confirmHandshake(step, nowMs);
    await this.#arrivals.commit(step, arrival, nowMs);
    return "durable";
  }

  /** Enough of these, and the session is broken: its state is behind that of the peer (protocol.md, "Restored backup"). */
  async #noteUnopened({ id, conversationId }: Session, message: RatchetMessage, nowMs: number): Promise<void> {
    const file = this.#context.peers.get(conversationId);
    if (file === undefined || (await isKnownRatchetKey(this.#context.store.messages, id, message))) return;
    const { peer: sessions } = noteUnopened(file.sessions, id, message, { nowMs });
    if (!isNews(sessions, file.sessions)) return;
    const isBroken = sessions.sessions.some((session) => session.id === id && session.status === "broken");
    const reach = isBroken && (file.mustTell ?? (await reachOf(this.#context, conversationId)));
    const behind = reach && { mustRedeliver: true, mustTell: reach };
    await changePeer({ ...file, sessions, ...behind }, isBroken ? [id] : [], this.#context);
    if (isBroken) this.#context.notifier.notify({ kind: "broken", conversationId });
  }

  /**
   * A payload that only the peer could seal, of a later version of the protocol: the application learns that it is there.
   * It is not acknowledged, so its sender knows that it was not understood.
   */
  async #unsupported(session: Session, { member, bytes }: UnsupportedPayload): Promise<Outcome> {
    const { clock, store } = this.#context;
    const step = new SessionStep(session, this.#context);
    // Nothing but its id tells a repetition from a new one.
    const id = incomingId(session, bytes, this.#context);
    if ((await store.messages.messageState(id)) !== undefined) return "durable";
    const nowMs = clock.nowMs();
    const content = encodeNewerPart("unknown-payload", member, bytes);
    const fields = { content, lamport: session.sds.lamport, sentAtMs: nowMs, storedAtMs: nowMs };
    await putIncoming(step, id, fields, this.#context);
    await step.commit();
    return "durable";
  }

  /**
   * The invite's key goes once an ordinary envelope of its session has arrived, nothing before that is missing, and
   * nothing that has arrived waits for more: first messages that are late still need it, such as the rest of a file.
   */
  #confirmHandshake(step: SessionStep, nowMs: number): void {
    const { incomingHandshake } = step.session;
    if (incomingHandshake === undefined || incomingHandshake.isConfirmed) return;
    step.session = { ...step.session, incomingHandshake: { ...incomingHandshake, isConfirmed: true } };
    step.afterwards(() => void this.#noteConfirmed(incomingHandshake, nowMs));
  }

  async #noteConfirmed(handshake: NonNullable<Session["incomingHandshake"]>, nowMs: number): Promise<void> {
    const { invites, notifier } = this.#context;
    try {
      await invites.note(handshake, "confirmed", nowMs);
    } catch (error) {
      notifier.notify({ kind: "error", error }); // it is noted again at the next start
    }
  }
}

/** Anything that opens on the session shows the initiator that the responder has it. */
function answered(session: Session): Session {
  const { outgoingHandshake } = session;
  if (outgoingHandshake === undefined || outgoingHandshake.isAnswered) return session;
  return { ...session, outgoingHandshake: { ...outgoingHandshake, isAnswered: true } };
}
