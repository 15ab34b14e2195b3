/**
 * Gives each peer a private invite inside the session, so that a conversation whose session breaks goes on without a new
 * link. Once for each session that is sent on, a while after it began: the frame must not mark the beginning.
 * Spec: `docs/protocol.md`, "Sessions": renewal.
 * @module
 */
import { type IntroBundle, isTrustedBundle } from "@chat/codec";
import { isLiveInvite, offerRenewal, receiveRenewal, sessionForSending } from "@chat/ratchet";
import { bundleOf, INVITE_CHECKS } from "../account/invite-link.ts";
import type { Context } from "../context.ts";
import type { WayOut } from "../sending/way-out.ts";
import { SessionStep } from "../sessions/session-step.ts";
import type { PeerFile } from "./peer-file.ts";

const MEAN_DELAY_MS = 30_000;

export class Renewals {
  readonly #context: Context;
  readonly #way: WayOut;
  /** By conversation. */
  readonly #timers = new Map<string, () => void>();
  readonly #stopObserving: () => void;
  #isClosed = false;

  constructor(context: Context, way: WayOut) {
    this.#context = context;
    this.#way = way;
    this.#stopObserving = context.notifier.observe((change) => {
      if (change.kind !== "session") return;
      const conversationId = context.sessions.get(change.sessionId)?.conversationId;
      if (conversationId !== undefined) this.#plan(conversationId);
    });
  }

  start(): void {
    for (const { id } of this.#context.peers.all()) this.#plan(id);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopObserving();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #plan(id: string): void {
    if (this.#isClosed || this.#timers.has(id) || !this.#isNeeded(this.#context.peers.get(id))) return;
    const { clock, random } = this.#context;
    const delayMs = MEAN_DELAY_MS * (0.5 + (random(1)[0] ?? 0) / 256);
    this.#timers.set(
      id,
      clock.after(delayMs, () => {
        this.#timers.delete(id);
        void this.#offerLater(id);
      }),
    );
  }

  /** Whether the session that both sides are known to have comes without an invite of ours. */
  #isNeeded(file: PeerFile | undefined): boolean {
    if (file?.standing !== "open") return false;
    const session = sessionForSending(file.sessions);
    if (session === undefined || !session.isShared) return false;
    const { invites, clock } = this.#context;
    return !file.sessions.offered.some(({ inviteId, sessionId }) => {
      const invite = sessionId === session.id ? invites.all.get(inviteId) : undefined;
      return invite !== undefined && isLiveInvite(invite, clock.nowMs());
    });
  }

  async #offerLater(id: string): Promise<void> {
    const { outbox, notifier } = this.#context;
    try {
      // It can wait until nothing else does, and for an epoch with quota to spare.
      if (outbox.waitingCount === 0 && outbox.maySpendOnRetransmissions) await this.#offer(id);
    } catch (error) {
      if (!this.#isClosed) notifier.notify({ kind: "error", error });
    }
    this.#plan(id);
  }

  /** Invites first, then the conversation: the order in which a first message takes their turns. */
  #offer(id: string): Promise<void> {
    const { invites, serial, peers, clock, random, account } = this.#context;
    return invites.inTurn(() =>
      serial.run(id, async () => {
        const file = peers.get(id);
        const session = peers.sessionForSending(id);
        if (this.#isClosed || file === undefined || session === undefined || !this.#isNeeded(file)) return;
        const options = { nowMs: clock.nowMs(), random, hybrid: session.isHybrid };
        const offered = offerRenewal(file.sessions, invites.all, options);
        if (offered.kind !== "offered") return;
        const step = new SessionStep(session, this.#context);
        step.change({ peer: offered.peer, dropped: [] });
        step.write(({ secrets }) => invites.write(secrets, offered));
        this.#way.putFrame(step, { kind: "renewal", bundle: bundleOf(offered.invite, account, random) });
        await step.commit();
        invites.adopt(offered);
      }),
    );
  }
}

/** Keeps the private invite that a frame of the peer brings. @returns false for one that is not to be trusted */
export function keepRenewal(step: SessionStep, bundle: IntroBundle): boolean {
  if (!isTrustedBundle(bundle, INVITE_CHECKS)) return false;
  const { installationKey: identity, ephemeralKey: prekey, kemKey } = bundle;
  const kept = receiveRenewal(step.peer.sessions, { identity, prekey, ...(kemKey && { kemKey }) });
  if (kept.kind !== "kept") return false;
  step.change({ peer: kept.peer, dropped: [] });
  return true;
}
