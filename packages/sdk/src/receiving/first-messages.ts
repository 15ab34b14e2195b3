/**
 * Messages for an invite: they make a session, or belong to one that an earlier one has made.
 * Spec: protocol.md, "Sessions": accepting a first message, replays.
 * @module
 */
import { deriveConversationKeys, type EncryptedPayload, openEnvelope, type ParsedEnvelope } from "@chat/codec";
import {
  abandonFirstMessage,
  acceptFirstMessage,
  accountId,
  addSession,
  noteHandshake,
  openFirstMessage,
  type PendingSession,
  wipe,
} from "@chat/ratchet";
import { acknowledge, openChannel } from "@chat/sds";
import type { Context } from "../context.ts";
import { newPeerFile } from "../peers/peer-file.ts";
import { type Requests, refusalOf, standingOf, withStored } from "../peers/requests.ts";
import type { Session } from "../sessions/session.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { ACKNOWLEDGEMENT_HISTORY } from "../sizes.ts";
import type { Arrivals } from "./arrivals.ts";
import type { OrdinaryMessages } from "./ordinary-messages.ts";
import type { Outcome } from "./outcome.ts";

type Handshake = Extract<EncryptedPayload, { kind: "handshake" }>;
/** Decided in the turn of the invites, done when it is over. */
type Decision = Outcome | { readonly known: Session };

export class FirstMessages {
  readonly #context: Context;
  readonly #arrivals: Arrivals;
  readonly #ordinary: OrdinaryMessages;
  readonly #requests: Requests;

  constructor(context: Context, arrivals: Arrivals, ordinary: OrdinaryMessages, requests: Requests) {
    this.#context = context;
    this.#requests = requests;
    this.#arrivals = arrivals;
    this.#ordinary = ordinary;
  }

  async take(envelope: ParsedEnvelope): Promise<Outcome> {
    const { invites, serial, sessions } = this.#context;
    const match = invites.matching(envelope);
    if (match === undefined) return "not-for-us";
    const payload = openEnvelope(envelope, match.keys);
    wipe(match.keys.sealKey, match.keys.hintKey);
    if (payload?.kind === "unsupported") return "unsupported-handshake";
    if (payload?.kind !== "handshake") return "undecryptable";
    // One at a time: two first messages of one session must not both make it.
    const decision = await invites.inTurn(() => this.#decide(match.inviteId, payload));
    if (typeof decision === "string") return decision;
    const { id, conversationId } = decision.known;
    return serial.run(conversationId, () => {
      const current = sessions.get(id) ?? decision.known;
      return this.#ordinary.open(current, payload.message, { isOrdinary: false });
    });
  }

  async #decide(inviteId: string, first: Handshake): Promise<Decision> {
    const { invites, account, clock, sessions, serial, peers } = this.#context;
    // Before anything is computed for them. A single-use link that they have stays usable for nobody else.
    if (peers.isBlocked(accountId(first.initiator))) return "blocked";
    const opened = openFirstMessage(invites.all, inviteId, first, { identity: account.keys, nowMs: clock.nowMs() });
    if (opened.kind === "discarded") return opened.reason === "undecryptable" ? "undecryptable" : "handshake-refused";
    if (opened.kind === "known") {
      const known = sessions.byHandshake(opened.handshakeId);
      return known === undefined ? "handshake-refused" : { known };
    }
    const { pending, plaintext } = opened;
    const conversationId = accountId(pending.peer);
    return serial.run(conversationId, () => this.#newSession(conversationId, pending, plaintext));
  }

  /** protocol.md, "Accepting a first message": nothing exists until its ratchet message has opened. */
  async #newSession(conversationId: string, pending: PendingSession, plaintext: Uint8Array): Promise<Outcome> {
    const { clock, random, invites, peers } = this.#context;
    const nowMs = clock.nowMs();
    const arrival = await this.#arrivals.read({ id: pending.id, sds: openChannel("R") }, plaintext, nowMs);
    const answer = arrival && acknowledge(arrival.state, { nowMs, maxHistory: ACKNOWLEDGEMENT_HISTORY });
    // Whoever begins a conversation says something that can be acknowledged.
    if (arrival === undefined || answer === undefined) {
      abandonFirstMessage(pending);
      return "malformed-sds";
    }
    const { inviteId, handshakeId } = pending;
    const known = peers.get(conversationId);
    const refusal = known && refusalOf(known, plaintext.length);
    if (refusal !== undefined) {
      abandonFirstMessage(pending);
      return refusal;
    }
    const options = { nowMs, random, acknowledgement: answer.bytes, deriveKeys: deriveConversationKeys };
    const accepted = acceptFirstMessage(invites.all, pending, options);
    if (accepted.kind === "discarded") {
      abandonFirstMessage(pending);
      return "handshake-refused";
    }
    const { session, keys, consumed } = accepted;
    const invite = accepted.invites.get(inviteId);
    const file = known ?? newPeerFile(conversationId, session.peer, standingOf(invite, this.#requests));
    const isOpen = file.standing === "open";
    const step = new SessionStep(
      {
        id: session.id,
        conversationId,
        peerKey: session.peer,
        initiator: false,
        base: session.base,
        ratchet: session.ratchet,
        sendingKeys: keys.responderToInitiator,
        receivingKeys: keys.initiatorToResponder,
        incomingHandshake: { inviteId, handshakeId, isConfirmed: false },
        isHybrid: invite?.kem !== undefined,
        // The acknowledgement was only there to replace SPK in the state: one that leaves waits for a random time, as any.
        sds: arrival.state,
      },
      this.#context,
      withStored(file, plaintext.length),
    );
    step.change(addSession(file.sessions, session, { nowMs }));
    // A request stays among the few that its invite may have, until it is accepted.
    const change = isOpen
      ? noteHandshake(accepted.invites, { inviteId, handshakeId }, "answered", { nowMs })
      : { invites: accepted.invites, consumed: [] };
    await step.ensureConversation();
    step.write(({ secrets }) => invites.write(secrets, change));
    step.consume(consumed);
    step.afterwards(() => invites.adopt(change));
    if (known === undefined) step.notify({ kind: "standing", conversationId, standing: file.standing });
    await this.#arrivals.commit(step, arrival, nowMs);
    return "durable";
  }
}
