/**
 * Incoming messages of many segments that end early: their sender takes them back, or nobody wants them here. And the
 * other way round: a recipient who does not want one of ours.
 * @module
 */
import type { CancelledBody } from "@chat/codec";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { messageId } from "../message.ts";
import type { TransferProgress } from "../notifier.ts";
import { RecentMap } from "../recent-map.ts";
import type { WayOut } from "../sending/way-out.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { withdrawLater } from "../sessions/withdraw-later.ts";
import { incomingId, incomingProgress } from "./incoming-content.ts";
import { type PartialSet, type PartialSets, payloadOf } from "./partial-sets.ts";

/** A sender who goes on has not heard that we refused; it is told again, but not for each of its segments. */
const REFUSE_AGAIN_MS = 30_000;
const MAX_REMEMBERED = 1_000;

export class IncomingTransfers {
  readonly #context: Context;
  readonly #partialSets: PartialSets;
  readonly #way: WayOut;
  /** By set: when the sender was told last; never again if it was the sender who ended it. */
  readonly #toldAtMs = new RecentMap<number>(MAX_REMEMBERED);

  constructor(context: Context, partialSets: PartialSets, way: WayOut) {
    this.#context = context;
    this.#partialSets = partialSets;
    this.#way = way;
  }

  /** Of one conversation. */
  all(conversationId: string): TransferProgress[] {
    return this.#setsOf(conversationId).map(({ set, session, id }) => incomingProgress(session, id, set));
  }

  /** What has arrived is deleted, nothing more is taken, and the sender is told. @returns false if it is not under way */
  async refuse(conversationId: string, id: string): Promise<boolean> {
    const { serial, clock } = this.#context;
    return serial.run(conversationId, async () => {
      const found = this.#setsOf(conversationId).find((each) => each.id === id);
      if (found === undefined) return false;
      const { set, session } = found;
      const step = new SessionStep(session, this.#context);
      const nowMs = clock.nowMs();
      this.#end(step, set, id, nowMs);
      this.#tell(step, set.setId, nowMs);
      await step.commit();
      return true;
    });
  }

  /** A segment came of what is refused. */
  refuseAgain(step: SessionStep, setId: string, nowMs: number): void {
    const toldAtMs = this.#toldAtMs.get(setId) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - toldAtMs >= REFUSE_AGAIN_MS) this.#tell(step, setId, nowMs);
  }

  /** The peer says that a message ends, whose it is its name tells; or that what is missing is not to be had any more. */
  async cancelled(step: SessionStep, { payloadHash, sdsIds }: CancelledBody, nowMs: number): Promise<void> {
    const { account, transfers, store } = this.#context;
    const ours = messageId(account.keys.publicKey, step.session.peerKey, payloadHash);
    if (payloadHash.length > 0 && transfers.get(ours) !== undefined) return this.#refusedByPeer(step, ours, nowMs);
    const { conversationId, id: sessionId } = step.session;
    const { state, withdrawn } = withdrawLater(step.session.sds, new Set(sdsIds), nowMs);
    step.session = { ...step.session, sds: state };
    // No longer waited for.
    if (withdrawn.length > 0) step.notify({ kind: "found", conversationId, count: withdrawn.length });
    if (payloadHash.length === 0) return;
    const id = incomingId(step.session, payloadHash, this.#context);
    if ((await store.messages.messageState(id)) !== undefined) return;
    const sets = this.#partialSets.all().filter((set) => {
      return set.sessionId === sessionId && equalBytes(payloadOf(set).payloadHash, payloadHash);
    });
    for (const set of sets) {
      this.#toldAtMs.set(set.setId, Number.POSITIVE_INFINITY);
      this.#end(step, set, id, nowMs);
    }
    // It may have overtaken all of them.
    if (sets.length === 0) step.write(({ messages }) => messages.refuse(id, nowMs));
  }

  async #refusedByPeer(step: SessionStep, id: string, nowMs: number): Promise<void> {
    const { store, outbox } = this.#context;
    const sdsIds = await store.messages.pendingIds(id);
    const { sds, conversationId } = step.session;
    step.session = { ...step.session, sds: withdrawLater(sds, new Set(sdsIds), nowMs).state };
    step.write(({ messages }) => {
      messages.deleteParts(id);
      messages.setStatus(id, "cancelled");
    });
    step.afterwards(() => outbox.forgetMessage(id));
    step.notify({ kind: "status", messageId: id, conversationId, status: "cancelled" });
  }

  #end(step: SessionStep, { sessionId, setId }: PartialSet, id: string, nowMs: number): void {
    const { conversationId } = step.session;
    step.write(({ messages }) => {
      messages.deleteSegments(sessionId, setId);
      messages.refuse(id, nowMs);
    });
    step.afterwards(() => this.#partialSets.refuse(sessionId, setId, nowMs));
    step.notify({ kind: "cancelled", messageId: id, conversationId });
  }

  #tell(step: SessionStep, setId: string, nowMs: number): void {
    this.#toldAtMs.set(setId, nowMs);
    const { payloadHash } = payloadOf({ setId });
    this.#way.putSignal(step, { kind: "cancelled", payloadHash, sdsIds: [] }, "normal");
  }

  #setsOf(conversationId: string) {
    return this.#partialSets.all().flatMap((set) => {
      const session = this.#context.sessions.get(set.sessionId);
      if (session?.conversationId !== conversationId) return [];
      return [{ set, session, id: incomingId(session, payloadOf(set).payloadHash, this.#context) }];
    });
  }
}
