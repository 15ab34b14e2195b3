/**
 * What each session must do later: acknowledge, retransmit, give up what is missing.
 * The rules are @chat/sds; here are only the timers.
 * @module
 */
import {
  acknowledge,
  acknowledgementDelayMs,
  type ChannelState,
  expireGaps,
  nextWakeUpMs,
  owesAcknowledgement,
  postponed,
  repairDue,
  repaired,
  requestsDue,
  retransmissionsDue,
  retransmitted,
} from "@chat/sds";
import type { OutboxRecord, OutgoingRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { type HeldMessages, HOLD_MS } from "../receiving/held-messages.ts";
import type { WayOut } from "../sending/way-out.ts";
import { ACKNOWLEDGEMENT_HISTORY, BURST_ACKNOWLEDGEMENT_HISTORY, REPAIR } from "../sizes.ts";
import { SessionStep } from "./session-step.ts";
import { withdrawLater } from "./withdraw-later.ts";

/** How long a missing message is looked for before it counts as lost. */
const GAP_DEADLINE_MS = 24 * 60 * 60 * 1000;
/** A large file whose acknowledgement is under way must not be sent all over again at once. */
const RETRANSMISSIONS_AT_ONCE = 16;
const PAUSE_MS = 1000;
const BLOCKED_PAUSE_MS = 60 * 60 * 1000;

type Timers = {
  acknowledgement?: () => void;
  wakeUp?: () => void;
  /** When an acknowledgement was due last. */
  lastMs?: number;
};

export class Upkeep {
  readonly #context: Context;
  readonly #way: WayOut;
  readonly #heldMessages: HeldMessages;
  readonly #meanDelayMs: number;
  readonly #timers = new Map<string, Timers>();
  readonly #stopObserving: () => void;
  /** Sessions whose acknowledgement is due, but would not leave now. Until then, content may carry it. */
  readonly #held = new Set<string>();
  /** Acknowledgements that are being built. */
  #building = 0;
  #isClosed = false;

  /** @param meanDelayMs - mean of the random time that an acknowledgement waits for something to ride on */
  constructor(context: Context, way: WayOut, held: HeldMessages, meanDelayMs: number) {
    this.#context = context;
    this.#way = way;
    this.#heldMessages = held;
    this.#meanDelayMs = meanDelayMs;
    const stopNotifier = context.notifier.observe((change) => {
      if (change.kind !== "session") return;
      if (change.owesAcknowledgement) this.#scheduleAcknowledgement(change.sessionId);
      this.#scheduleWakeUp(change.sessionId);
    });
    const stopRoom = context.outbox.onRoom(() => {
      for (const sessionId of [...this.#held]) this.#acknowledgeOrHold(sessionId);
    });
    this.#stopObserving = () => {
      stopNotifier();
      stopRoom();
    };
  }

  /** Takes up what an earlier process left. */
  start(): void {
    for (const { id, sds } of this.#context.sessions.all()) {
      if (owesAcknowledgement(sds)) this.#scheduleAcknowledgement(id);
      // At once: a session that is over may be about to be dropped.
      if (sds.held.length > 0) void this.#run(id, (step) => this.#giveUp(step));
      this.#scheduleWakeUp(id);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopObserving();
    for (const { acknowledgement, wakeUp } of this.#timers.values()) {
      acknowledgement?.();
      wakeUp?.();
    }
    this.#timers.clear();
  }

  /** One at most waits for each session: a burst is acknowledged once. */
  #scheduleAcknowledgement(sessionId: string): void {
    const timers = this.#timersOf(sessionId);
    if (this.#isClosed || timers.acknowledgement !== undefined) return;
    const delayMs = this.#delayMs(timers);
    const acknowledge = () => {
      delete timers.acknowledgement;
      timers.lastMs = this.#context.clock.nowMs();
      this.#acknowledgeOrHold(sessionId);
    };
    // A timer of 0 ms takes one at least.
    if (delayMs === 0) queueMicrotask(acknowledge);
    else timers.acknowledgement = this.#context.clock.after(delayMs, acknowledge);
  }

  /** At least a second after the last one, so that a file or a burst never makes more of them; with 0 at once, always. */
  #delayMs({ lastMs = Number.NEGATIVE_INFINITY }: Timers): number {
    const delayMs = acknowledgementDelayMs(this.#context.random, this.#meanDelayMs);
    if (this.#meanDelayMs === 0) return delayMs;
    const sinceMs = this.#context.clock.nowMs() - lastMs;
    return sinceMs >= 0 ? Math.max(delayMs, PAUSE_MS - sinceMs) : delayMs; // a clock may be set back
  }

  #acknowledgeOrHold(sessionId: string): void {
    const { peers, sessions, outbox } = this.#context;
    // A request, or somebody who is blocked, learns nothing; when that changes, the session is told again.
    if (!peers.mayAnswer(sessions.get(sessionId)?.conversationId ?? "")) return void this.#held.delete(sessionId);
    const priority = outbox.priorityOfAcknowledgement(sessionId, this.#building);
    if (priority === undefined) {
      this.#held.add(sessionId);
      return;
    }
    this.#held.delete(sessionId);
    this.#building += 1;
    this.#run(sessionId, (step) => this.#acknowledge(step, priority)).finally(() => {
      this.#building -= 1;
    });
  }

  #scheduleWakeUp(sessionId: string): void {
    const session = this.#context.sessions.get(sessionId);
    if (this.#isClosed || session === undefined) return;
    const timers = this.#timersOf(sessionId);
    timers.wakeUp?.();
    delete timers.wakeUp;
    const { sds, conversationId } = session;
    const nowMs = this.#context.clock.nowMs();
    const delayMs = Math.min(this.#dueMs(sds, conversationId, nowMs), heldForMs(sds, nowMs));
    if (delayMs === Number.POSITIVE_INFINITY) return;
    timers.wakeUp = this.#context.clock.after(delayMs, () => {
      delete timers.wakeUp;
      const { outbox, peers } = this.#context;
      void this.#run(sessionId, async (step) => {
        const maySend = outbox.maySpendOnRetransmissions && peers.mayAnswer(step.peer.id);
        const retransmits = maySend && (await this.#retransmit(step));
        const answers = maySend && (await this.#repair(step));
        const asks =
          maySend &&
          requestsDue(step.session.sds, this.#context.clock.nowMs()) &&
          (await this.#acknowledge(step, "normal"));
        return (await this.#giveUp(step)) || retransmits || answers || asks;
      });
    });
  }

  /** When the session has something to send again or to give up, from now on; never sooner than in a second. */
  #dueMs(sds: ChannelState, conversationId: string, nowMs: number): number {
    const { outbox, peers } = this.#context;
    const atMs = nextWakeUpMs({ ...sds, held: [] }, GAP_DEADLINE_MS);
    if (atMs === undefined) return Number.POSITIVE_INFINITY;
    const quotaMs = outbox.maySpendOnRetransmissions ? atMs : Math.max(atMs, outbox.quota.resetsAtMs);
    // While they are blocked, nothing is sent; what changes that tells the session.
    const earliestMs = peers.mayAnswer(conversationId) ? quotaMs : Math.max(quotaMs, nowMs + BLOCKED_PAUSE_MS);
    return Math.max(PAUSE_MS, earliestMs - nowMs);
  }

  /** One operation in the conversation's turn; `false` means that nothing changed. */
  async #run(sessionId: string, operation: (step: SessionStep) => Promise<boolean>): Promise<void> {
    const { sessions, serial, notifier } = this.#context;
    const session = sessions.get(sessionId);
    if (this.#isClosed || session === undefined) return;
    const turn = serial.run(session.conversationId, async () => {
      const current = sessions.get(sessionId);
      if (this.#isClosed || current === undefined) return;
      const step = new SessionStep(current, this.#context);
      try {
        if (!(await operation(step))) return this.#scheduleWakeUp(sessionId);
        step.notify({ kind: "session", sessionId, owesAcknowledgement: owesAcknowledgement(step.session.sds) });
        await step.commit();
      } catch (error) {
        if (current.sds.held.length > 0) await this.#heldMessages.takeBack();
        throw error;
      }
    });
    await turn.catch((error: unknown) => {
      notifier.notify({ kind: "error", error });
      this.#scheduleWakeUp(sessionId); // the disk may have room again
    });
  }

  async #acknowledge(step: SessionStep, priority: OutboxRecord["priority"]): Promise<boolean> {
    const { sds } = step.session;
    const owed = Math.min(sds.toAcknowledge.length + 1, BURST_ACKNOWLEDGEMENT_HISTORY); // one more: our own previous
    const maxHistory = Math.max(ACKNOWLEDGEMENT_HISTORY, owed);
    const sync = acknowledge(sds, { nowMs: this.#context.clock.nowMs(), maxHistory, repair: REPAIR });
    if (sync === undefined) return false;
    step.session = { ...step.session, sds: sync.state };
    step.sendSds(sync.bytes, { purpose: "acknowledgement", priority });
    return true;
  }

  /** The same SDS message in a new ratchet message. @returns false while it waits in the outbox, or its message is paused */
  #sendAgain(step: SessionStep, { messageId, bytes }: OutgoingRecord): boolean {
    const { outbox, transfers } = this.#context;
    if (transfers.get(messageId)?.isPaused === true || outbox.unsentCount(messageId) > 0) return false;
    step.sendSds(bytes, { purpose: "retransmission", messageId, priority: "optional" });
    return true;
  }

  /** What nobody has confirmed for long enough. */
  async #retransmit(step: SessionStep): Promise<boolean> {
    const { clock, random, store, outbox } = this.#context;
    const nowMs = clock.nowMs();
    const due = retransmissionsDue(step.session.sds, nowMs).slice(0, RETRANSMISSIONS_AT_ONCE);
    let count = 0;
    for (const sdsId of due) {
      const part = await store.messages.outgoing(step.session.id, sdsId);
      if (part === undefined) {
        // Its message was deleted.
        step.session = { ...step.session, sds: withdrawLater(step.session.sds, new Set([sdsId]), nowMs).state };
        continue;
      }
      // What waited for quota was due before it left.
      const isSent = !outbox.hasJustLeft(part.messageId) && this.#sendAgain(step, part);
      if (isSent) count += 1;
      const plan = isSent ? retransmitted : postponed;
      step.session = { ...step.session, sds: plan(step.session.sds, sdsId, { nowMs, random }) };
    }
    if (count > 0) step.notify({ kind: "retransmitted", count });
    return due.length > 0;
  }

  /** The other side asked for it: sooner than a retransmission, and also what it seemed to have. */
  async #repair(step: SessionStep): Promise<boolean> {
    const { clock, random, store } = this.#context;
    const nowMs = clock.nowMs();
    const sdsId = repairDue(step.session.sds, nowMs);
    if (sdsId === undefined) return false;
    const part = await store.messages.outgoing(step.session.id, sdsId);
    if (part === undefined) {
      // Taken back, and whoever misses it has not heard that.
      const body = { kind: "cancelled", payloadHash: new Uint8Array(), sdsIds: [sdsId] } as const;
      this.#way.putSignal(step, body, "optional");
    } else if (this.#sendAgain(step, part)) step.notify({ kind: "retransmitted", count: 1 });
    step.session = { ...step.session, sds: repaired(step.session.sds, sdsId, { nowMs, random, repair: REPAIR }) };
    return true;
  }

  /** What is missing for too long: first it holds up nothing any more, then it is lost. */
  async #giveUp(step: SessionStep): Promise<boolean> {
    const nowMs = this.#context.clock.nowMs();
    const { state, lost, released } = expireGaps(step.session.sds, nowMs, GAP_DEADLINE_MS, HOLD_MS);
    if (lost.length === 0 && released.length === 0) return false;
    step.session = { ...step.session, sds: state };
    if (lost.length > 0) step.notify({ kind: "lost", conversationId: step.session.conversationId, count: lost.length });
    await this.#heldMessages.handOut(step, released, nowMs);
    return true;
  }

  #timersOf(sessionId: string): Timers {
    const timers = this.#timers.get(sessionId) ?? {};
    this.#timers.set(sessionId, timers);
    return timers;
  }
}

/** When time alone hands out what is held, whatever may be sent. What is overdue has failed before, or was not waited for. */
function heldForMs(sds: ChannelState, nowMs: number): number {
  const missing = sds.missing.map(({ request: _, ...gap }) => gap);
  const atMs = nextWakeUpMs({ ...sds, outstanding: [], requested: [], missing }, GAP_DEADLINE_MS, HOLD_MS);
  if (sds.held.length === 0 || atMs === undefined) return Number.POSITIVE_INFINITY;
  return atMs > nowMs ? atMs - nowMs : PAUSE_MS;
}
