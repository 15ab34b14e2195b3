/**
 * Content that arrived before what it follows, so that people read it in order. Service nodes sort by the second, so this is
 * common. It is stored and acknowledged when it arrives: its key is gone, and its sender forgets it.
 * Spec: `docs/protocol.md`, "Reliability (SDS)".
 * @module
 */
import type { HoldLimits, Released, SdsEvent } from "@chat/sds";
import type { Context } from "../context.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { IncomingSignals } from "../signals/incoming-signals.ts";
import type { IncomingContent } from "./incoming-content.ts";
import type { PartialSets } from "./partial-sets.ts";

/** A gap holds up what follows it no longer than this. */
export const HOLD_MS = 4000;
export const CAUSAL: HoldLimits = { holdMs: HOLD_MS, maxHeldBytes: 64 * 1024 * 1024 };

type ContentEvent = Extract<SdsEvent, { readonly kind: "content" }>;

export class HeldMessages {
  readonly #context: Context;
  readonly #content: IncomingContent;
  readonly #partialSets: PartialSets;
  readonly #signals: IncomingSignals;

  constructor(context: Context, content: IncomingContent, partialSets: PartialSets, signals: IncomingSignals) {
    this.#context = context;
    this.#content = content;
    this.#partialSets = partialSets;
    this.#signals = signals;
  }

  /** Whether anything has been held for so long: then it did not just overtake another. */
  hasWaited(durationMs: number): boolean {
    const latestMs = this.#context.clock.nowMs() - durationMs;
    return this.#context.sessions.all().some(({ sds }) => sds.held.some(({ sinceMs }) => sinceMs <= latestMs));
  }

  hold(step: SessionStep, { messageId: sdsId, lamport, content: bytes }: ContentEvent): void {
    const record = { sessionId: step.session.id, sdsId, lamport, bytes };
    step.write((tx) => tx.messages.putHeld(record));
    step.notify({ kind: "early" });
  }

  /**
   * Has its turn now, in the transaction of the step. After a step that failed, call {@link takeBack}.
   *
   * @param arrived - what the step itself has put among the held, where there was no room
   */
  async handOut(
    step: SessionStep,
    released: readonly Released[],
    nowMs: number,
    arrived?: ContentEvent,
  ): Promise<void> {
    const { id: sessionId } = step.session;
    for (const { messageId: sdsId } of released) {
      const isNew = arrived?.messageId === sdsId;
      const held = isNew ? undefined : await this.#context.store.messages.held(sessionId, sdsId);
      const [bytes, lamport] = isNew ? [arrived.content, arrived.lamport] : [held?.bytes, held?.lamport];
      if (bytes === undefined || lamport === undefined) throw new TypeError("held content that is not in the database");
      step.write((tx) => tx.messages.deleteHeld(sessionId, sdsId));
      const refused = await this.#content.acceptSegment(step, bytes, lamport, nowMs);
      // It is acknowledged already, so only the rest of its message stays away.
      if (refused !== undefined) this.#signals.transfers.refuseAgain(step, refused.refusedSetId, nowMs);
    }
  }

  async takeBack(): Promise<void> {
    await this.#partialSets.reload();
  }
}
