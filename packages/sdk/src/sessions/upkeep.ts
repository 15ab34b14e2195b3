/**
 * What each session must do later: acknowledge, retransmit, give up what is missing.
 * The rules are @chat/sds; here are only the timers.
 * @module
 */
import {
  acknowledge,
  acknowledgementDelayMs,
  expireGaps,
  nextWakeUpMs,
  owesAcknowledgement,
  postponed,
  retransmissionsDue,
  retransmitted,
  withdraw,
} from "@chat/sds";
import type { Context } from "../context.ts";
import { ACKNOWLEDGEMENT_HISTORY, BURST_ACKNOWLEDGEMENT_HISTORY } from "../sizes.ts";
import { SessionStep } from "./session-step.ts";

/** How long a missing message is looked for before it counts as lost. */
const GAP_DEADLINE_MS = 24 * 60 * 60 * 1000;
/** A large file whose acknowledgement is under way must not be sent all over again at once. */
const RETRANSMISSIONS_AT_ONCE = 16;
const PAUSE_MS = 1000;
const BLOCKED_PAUSE_MS = 60 * 60 * 1000;

type Timers = { acknowledgement?: () => void; wakeUp?: () => void };

export class Upkeep {
  readonly #context: Context;
  readonly #meanDelayMs: number;
  readonly #timers = new Map<string, Timers>();
  readonly #stopObserving: () => void;
  /** Sessions whose acknowledgement is due, but would not leave now. Until then, content may carry it. */
  readonly #held = new Set<string>();
  /** Acknowledgements that are being built. */
  #building = 0;
  #isClosed = false;

  /** @param meanDelayMs - mean of the random time that an acknowledgement waits for something to ride on */
  constructor(context: Context, meanDelayMs: number) {
    this.#context = context;
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
    if (this.#isClosed || timers.acknowledgement !== undefined || this.#held.has(sessionId)) return;
    const delayMs = acknowledgementDelayMs(this.#context.random, this.#meanDelayMs);
    const acknowledge = () => {
      delete timers.acknowledgement;
      this.#acknowledgeOrHold(sessionId);
    };
    // A timer of 0 ms takes one at least.
    if (delayMs === 0) queueMicrotask(acknowledge);
    else timers.acknowledgement = this.#context.clock.after(delayMs, acknowledge);
  }

  #acknowledgeOrHold(sessionId: string): void {
    const { peers, sessions, outbox } = this.#context;
    // A request, or somebody who is blocked, learns nothing; when that changes, the session is told again.
    if (!peers.mayAnswer(sessions.get(sessionId)?.conversationId ?? "")) return void this.#held.delete(sessionId);
    if (!outbox.canAcknowledge(sessionId, this.#building)) {
      this.#held.add(sessionId);
      return;
    }
    this.#held.delete(sessionId);
    this.#building += 1;
    this.#run(sessionId, (step) => this.#acknowledge(step)).finally(() => {
      this.#building -= 1;
    });
  }

  #scheduleWakeUp(sessionId: string): void {
    const session = this.#context.sessions.get(sessionId);
    if (this.#isClosed || session === undefined) return;
    const timers = this.#timersOf(sessionId);
    timers.wakeUp?.();
    delete timers.wakeUp;
    const atMs = nextWakeUpMs(session.sds, GAP_DEADLINE_MS);
    if (atMs === undefined) return;
    const { outbox, clock, peers } = this.#context;
    const quotaMs = outbox.maySpendOnRetransmissions ? atMs : Math.max(atMs, outbox.quota.resetsAtMs);
    // While they are blocked, nothing is sent; what changes that tells the session.
    const earliestMs = peers.mayAnswer(session.conversationId)
      ? quotaMs
      : Math.max(quotaMs, clock.nowMs() + BLOCKED_PAUSE_MS);
    const delayMs = Math.max(PAUSE_MS, earliestMs - clock.nowMs());
    timers.wakeUp = this.#context.clock.after(delayMs, () => {
      delete timers.wakeUp;
      void this.#run(sessionId, async (step) => {
        const maySend = outbox.maySpendOnRetransmissions && peers.mayAnswer(step.peer.id);
        const retransmits = maySend && (await this.#retransmit(step));
        return this.#giveUp(step) || retransmits;
      });
    });
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
      if (!(await operation(step))) return this.#scheduleWakeUp(sessionId);
      step.notify({ kind: "session", sessionId, owesAcknowledgement: owesAcknowledgement(step.session.sds) });
      await step.commit();
    });
    await turn.catch((error: unknown) => {
      notifier.notify({ kind: "error", error });
      this.#scheduleWakeUp(sessionId); // the disk may have room again
    });
  }

  async #acknowledge(step: SessionStep): Promise<boolean> {
    const { sds } = step.session;
    const owed = Math.min(sds.toAcknowledge.length + 1, BURST_ACKNOWLEDGEMENT_HISTORY); // one more: our own previous
    const maxHistory = Math.max(ACKNOWLEDGEMENT_HISTORY, owed);
    const sync = acknowledge(sds, { nowMs: this.#context.clock.nowMs(), maxHistory });
    if (sync === undefined) return false;
    step.session = { ...step.session, sds: sync.state };
    step.sendSds(sync.bytes, { purpose: "acknowledgement", priority: "normal" });
    return true;
  }

  /** The same SDS message in a new ratchet message. What never left the outbox is not sent twice from there. */
  async #retransmit(step: SessionStep): Promise<boolean> {
    const { clock, random, store, outbox, transfers } = this.#context;
    const nowMs = clock.nowMs();
    const due = retransmissionsDue(step.session.sds, nowMs).slice(0, RETRANSMISSIONS_AT_ONCE);
    let count = 0;
    for (const sdsId of due) {
      const part = await store.messages.outgoing(step.session.id, sdsId);
      if (part === undefined) {
        // Its message was deleted.
        step.session = { ...step.session, sds: withdraw(step.session.sds, new Set([sdsId]), nowMs).state };
        continue;
      }
      const isPaused = transfers.get(part.messageId)?.isPaused === true;
      const isUnsent = isPaused || outbox.unsentCount(part.messageId) > 0;
      if (!isUnsent) {
        step.sendSds(part.bytes, { purpose: "retransmission", messageId: part.messageId, priority: "optional" });
        count += 1;
      }
      const plan = isUnsent ? postponed : retransmitted;
      step.session = { ...step.session, sds: plan(step.session.sds, sdsId, { nowMs, random }) };
    }
    if (count > 0) step.notify({ kind: "retransmitted", count });
    return due.length > 0;
  }

  #giveUp(step: SessionStep): boolean {
    const { state, lost } = expireGaps(step.session.sds, this.#context.clock.nowMs(), GAP_DEADLINE_MS);
    if (lost.length === 0) return false;
    step.session = { ...step.session, sds: state };
    step.notify({ kind: "lost", conversationId: step.session.conversationId, count: lost.length });
    return true;
  }

  #timersOf(sessionId: string): Timers {
    const timers = this.#timers.get(sessionId) ?? {};
    this.#timers.set(sessionId, timers);
    return timers;
  }
}
