/**
 * What we let the peer know besides messages: that the user writes, and how far it has read. Each is an ephemeral message
 * that goes now or never, and only while quota is plenty; what a lost receipt said, the next one says.
 * @module
 */
import { type Content, encodeContentFrame, readReceipt, typing } from "@chat/codec";
import { acknowledgementDelayMs } from "@chat/sds";
import type { Context } from "../context.ts";
import type { WayOut } from "../sending/way-out.ts";
import { SessionStep } from "../sessions/session-step.ts";

/** Of each kind, one goes in so long to each peer at most. */
export const SIGNAL_EVERY_MS = 5_000;

export class OutgoingSignals {
  readonly #context: Context;
  readonly #way: WayOut;
  readonly #meanDelayMs: number;
  readonly #tellsRead: boolean;
  /** By conversation: what was last said, and when. */
  readonly #typing = new Map<string, { readonly isTyping: boolean; readonly atMs: number }>();
  readonly #receipts = new Map<string, { readonly id: string; readonly atMs: number }>();
  /** Conversations with a receipt that waits for its time. */
  readonly #timers = new Map<string, () => void>();
  /** Conversations with a receipt that waits for connection or quota. */
  readonly #held = new Set<string>();
  /** Conversations in which nothing has arrived since the last receipt. */
  readonly #told = new Set<string>();
  readonly #stopObserving: () => void;
  #isClosed = false;

  /** `meanDelayMs`: mean of the random time that a receipt waits, for what is read next, and so that it tells less. */
  constructor(
    context: Context,
    way: WayOut,
    { meanDelayMs, readReceipts }: { readonly meanDelayMs: number; readonly readReceipts: boolean },
  ) {
    this.#context = context;
    this.#way = way;
    this.#meanDelayMs = meanDelayMs;
    this.#tellsRead = readReceipts;
    const stopRoom = context.outbox.onRoom(() => {
      if (this.#held.size === 0 || !context.outbox.hasRoomForSignal) return;
      const held = [...this.#held];
      this.#held.clear();
      for (const conversationId of held) this.read(conversationId);
    });
    const stopNotifier = context.notifier.observe((change) => {
      if (change.kind === "incoming") this.#told.delete(change.conversationId);
    });
    this.#stopObserving = () => {
      stopRoom();
      stopNotifier();
    };
  }

  /** Called with every key that is pressed, and seldom sent. That somebody stopped is also told by time. */
  async typing(conversationId: string, isTyping: boolean): Promise<void> {
    const atMs = this.#context.clock.nowMs();
    const last = this.#typing.get(conversationId);
    if (last !== undefined && atMs - last.atMs < SIGNAL_EVERY_MS) return;
    if (!isTyping && last?.isTyping !== true) return;
    this.#typing.set(conversationId, { isTyping, atMs });
    await this.#send(conversationId, async () => typing({ isStopped: !isTyping }));
  }

  /** The user has read on; with the option, the peer is told soon. */
  read(conversationId: string): void {
    if (!this.#tellsRead || this.#isClosed || this.#timers.has(conversationId) || this.#held.has(conversationId))
      return;
    const { clock, random } = this.#context;
    const last = this.#receipts.get(conversationId);
    const earliestMs = last === undefined ? 0 : Math.max(0, last.atMs + SIGNAL_EVERY_MS - clock.nowMs());
    const delayMs = Math.max(earliestMs, acknowledgementDelayMs(random, this.#meanDelayMs));
    const cancel = clock.after(delayMs, () => {
      this.#timers.delete(conversationId);
      void this.#tellRead(conversationId);
    });
    this.#timers.set(conversationId, cancel);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopObserving();
    for (const cancel of this.#timers.values()) cancel();
  }

  async #tellRead(conversationId: string): Promise<void> {
    const { outbox, store, clock, notifier } = this.#context;
    if (!outbox.hasRoomForSignal) {
      this.#held.add(conversationId);
      return;
    }
    try {
      await this.#send(conversationId, async () => {
        const position = await store.messages.readUntil(conversationId);
        if (position === undefined) return undefined;
        const { id } = position;
        // What was read late stands before what the peer knows of: then the same is told once more.
        if (this.#receipts.get(conversationId)?.id === id && this.#told.has(conversationId)) return undefined;
        this.#receipts.set(conversationId, { id, atMs: clock.nowMs() });
        this.#told.add(conversationId);
        return readReceipt([id]);
      });
    } catch (error) {
      this.#receipts.delete(conversationId);
      notifier.notify({ kind: "error", error });
    }
  }

  /** Nothing goes to those who are not to know that anybody is here, or who may not have the session yet. */
  async #send(conversationId: string, make: () => Promise<Content | undefined>): Promise<void> {
    const { serial, peers, outbox } = this.#context;
    await serial.run(conversationId, async () => {
      const session = peers.sessionForSending(conversationId);
      if (this.#isClosed || session === undefined || !peers.mayAnswer(conversationId)) return;
      if (session.outgoingHandshake?.isAnswered === false || !outbox.hasRoomForSignal) return;
      const content = await make();
      if (content === undefined) return;
      const step = new SessionStep(session, this.#context);
      this.#way.putSignal(step, { kind: "content", content: encodeContentFrame(content) }, "optional");
      await step.commit();
    });
  }
}
