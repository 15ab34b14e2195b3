/**
 * What an opened SDS message brings: content, acknowledgements, news of what is missing.
 * @module
 */
import { type ChannelState, idsIn, parse, receive, type SdsEvent } from "@chat/sds";
import type { TransferRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { isFrameId } from "../sending/way-out.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { IncomingSignals } from "../signals/incoming-signals.ts";
import { REPAIR } from "../sizes.ts";
import { CAUSAL, HeldMessages } from "./held-messages.ts";
import { IncomingContent } from "./incoming-content.ts";
import type { PartialSets } from "./partial-sets.ts";

export type Arrival = {
  /** The channel with the message in it. */
  readonly state: ChannelState;
  readonly events: readonly SdsEvent[];
  /** Whether nothing is missing, and nothing was. */
  readonly isComplete: boolean;
};

export class Arrivals {
  readonly held: HeldMessages;
  readonly #context: Context;
  readonly #partialSets: PartialSets;
  readonly #content: IncomingContent;
  readonly #signals: IncomingSignals;

  constructor(context: Context, partialSets: PartialSets, signals: IncomingSignals) {
    this.#context = context;
    this.#partialSets = partialSets;
    this.#signals = signals;
    this.#content = new IncomingContent(context, partialSets, signals);
    this.held = new HeldMessages(context, this.#content, partialSets, signals);
  }

  /** Reads it, which changes nothing. @returns undefined if it is malformed, or claims to be ours */
  async read(
    { id, sds }: Pick<Session, "id" | "sds">,
    plaintext: Uint8Array,
    nowMs: number,
  ): Promise<Arrival | undefined> {
    const message = parse(plaintext);
    if (message === undefined) return undefined;
    const known = await this.#context.store.messages.knownSdsIds(id, idsIn(sds, message));
    const isKnown = (sdsId: string) => known.has(sdsId);
    const { state, events } = receive(sds, message, { nowMs, isKnown, causal: CAUSAL, repair: REPAIR });
    if (events.some(({ kind }) => kind === "discarded")) return undefined;
    const isBehind = state.missing.length > 0 || state.held.length > 0;
    return { state, events, isComplete: !isBehind && !events.some(({ kind }) => kind === "released") };
  }

  /** Whether parts of a message have arrived on the session that wait for others. */
  isWaiting(sessionId: string): boolean {
    return this.#partialSets.isWaiting(sessionId);
  }

  /** Adds all of it to the step, and makes the step durable. */
  async commit(step: SessionStep, { events }: Arrival, nowMs: number): Promise<void> {
    const { sds } = this.#context.sessions.get(step.session.id) ?? step.session;
    const takeBack = step.checkpoint();
    try {
      const refused = await this.#apply(step, events, nowMs);
      if (refused !== undefined) {
        // Not acknowledged, and sent again by those who do not know yet that it is not wanted.
        takeBack();
        step.session = { ...step.session, sds };
        this.#signals.transfers.refuseAgain(step, refused.refusedSetId, nowMs);
      }
      await step.commit();
    } catch (error) {
      await this.held.takeBack();
      throw error;
    }
  }

  /** @returns the set, if it is part of a message that is not wanted */
  async #apply(
    step: SessionStep,
    events: readonly SdsEvent[],
    nowMs: number,
  ): Promise<{ readonly refusedSetId: string } | undefined> {
    const { id: sessionId, conversationId } = step.session;
    const acknowledged: string[] = [];
    const counts = { missing: 0, found: 0 };
    let owesAcknowledgement = false;
    for (const event of events) {
      if (event.kind === "acknowledged") acknowledged.push(event.messageId);
      else if (event.kind === "missing" || event.kind === "found") counts[event.kind] += 1;
      else if (event.kind === "duplicate") owesAcknowledgement = true;
      else if (event.kind === "ephemeral") await this.#signals.take(step, event.content, nowMs);
      else if (event.kind === "content") {
        owesAcknowledgement = true;
        const { messageId, lamport, content } = event;
        step.write((tx) => tx.messages.logSdsId(sessionId, messageId, lamport));
        if (event.waitsFor !== undefined) {
          this.held.hold(step, event);
          continue;
        }
        const refused = await this.#content.acceptSegment(step, content, lamport, nowMs);
        if (refused !== undefined) return refused;
      }
    }
    const released = events.filter((event) => event.kind === "released");
    await this.held.handOut(
      step,
      released,
      nowMs,
      events.find((event) => event.kind === "content"),
    );
    await this.#acknowledged(step, acknowledged);
    if (counts.missing > 0) {
      const since = new Date(Math.min(nowMs, ...step.session.sds.missing.map(({ sinceMs }) => sinceMs)));
      step.notify({ kind: "missing", conversationId, count: counts.missing, since });
    }
    if (counts.found > 0) step.notify({ kind: "found", conversationId, count: counts.found });
    step.notify({ kind: "session", sessionId, owesAcknowledgement });
    return undefined;
  }

  /** A message is delivered when the last of its parts is acknowledged. */
  async #acknowledged(step: SessionStep, sdsIds: readonly string[]): Promise<void> {
    const { transfers, store } = this.#context;
    const { messages } = store;
    const { id: sessionId, conversationId } = step.session;
    const parts = new Map<string, number>();
    for (const sdsId of sdsIds) {
      const part = await messages.outgoing(sessionId, sdsId);
      if (part === undefined) continue;
      parts.set(part.messageId, (parts.get(part.messageId) ?? 0) + 1);
      step.write((tx) => tx.messages.deleteOutgoing(sessionId, sdsId));
    }
    for (const [id, count] of parts) {
      const transfer = transfers.get(id);
      const isDelivered = transfers.isMade(id) && (await messages.pendingCount(id)) <= count;
      if (transfer !== undefined && !isDelivered) step.notify({ kind: "moved", messageId: id });
      if (isFrameId(id) || !isDelivered) continue;
      step.write((tx) => tx.messages.setStatus(id, "delivered"));
      if (transfer !== undefined) this.#endTransfer(step, transfer);
      step.notify({ kind: "status", messageId: id, conversationId, status: "delivered" });
    }
  }

  #endTransfer(step: SessionStep, { messageId, length }: TransferRecord): void {
    const { conversationId } = step.session;
    const all = { doneBytes: length, totalBytes: length, sentBytes: length };
    step.write((tx) => tx.messages.deleteTransfer(messageId));
    step.afterwards(() => this.#context.transfers.remove(messageId));
    step.notify({ kind: "progress", messageId, conversationId, direction: "outgoing", ...all });
  }
}
