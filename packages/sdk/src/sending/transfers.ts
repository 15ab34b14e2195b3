/**
 * Messages of many segments on their way out. Segments are encrypted a few at a time, when those before have left: so a
 * paused message holds up nothing, a cancelled one has left no mark in the ratchet, and a long one takes the memory of a
 * few. Later messages name none of them: whatever becomes of a file, nothing else waits for it.
 * @module
 */
import { type CancelledBody, encodePrivateFrame } from "@chat/codec";
import { readSetId, type Segments } from "@chat/segmentation";
import type { OutboxPriority, TransferRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { withdrawLater } from "../sessions/withdraw-later.ts";
import type { WayOut } from "./way-out.ts";

/** Segments of one message that wait in the outbox: more are made when so few are left, up to so many. */
const FEW = 8;
export const MOST = 16;
/** How long the message itself stays in memory when no segment of it leaves. */
const KEEP_SOURCE_MS = 5_000;
const PAUSE_AFTER_FAILURE_MS = 60_000;

type Source = { readonly segments: Iterator<Uint8Array>; next: number; release: () => void };

export class Transfers {
  readonly #context: Context;
  readonly #way: WayOut;
  readonly #sources = new Map<string, Source>();
  /** With a turn that is under way or planned. */
  readonly #feeding = new Set<string>();
  readonly #stopObserving: () => void;
  #cancelRetry: () => void = () => {};
  #isClosed = false;

  constructor(context: Context, way: WayOut) {
    this.#context = context;
    this.#way = way;
    const stopRoom = context.outbox.onRoom(() => this.#feedAll());
    const stopNotifier = context.notifier.observe((change) => {
      // A service node refuses one segment for good: the others wait until somebody says that they shall go.
      if (change.kind === "status" && change.status === "failed") void this.#pauseFailed(change.messageId);
      if (change.kind === "standing") this.#feedAll();
    });
    this.#stopObserving = () => {
      stopRoom();
      stopNotifier();
    };
  }

  /** Goes on with what an earlier process left. */
  start(): void {
    this.#feedAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopObserving();
    this.#cancelRetry();
    for (const messageId of [...this.#sources.keys()]) this.#drop(messageId);
  }

  /**
   * Adds the first segments of a message to the step; the others follow by themselves.
   *
   * @returns Lamport time of the first one
   * @throws {@link ChatError} `CONVERSATION_FULL`
   */
  begin(
    step: SessionStep,
    segments: Segments,
    parcel: { readonly messageId: string; readonly priority: OutboxPriority; readonly segmentSize: number },
  ): number {
    const { messageId, priority, segmentSize } = parcel;
    const source: Source = { segments: segments[Symbol.iterator](), next: 0, release: () => {} };
    const { previousId } = step.session.sds;
    const made = Math.min(MOST, segments.total);
    const batch = { messageId, priority, segments: taken(source, made), after: previousId };
    const { lamport, after } = this.#way.putBatch(step, batch);
    const length = readSetId(segments.setId ?? "").payloadLength;
    const size = { length, segmentSize, total: segments.total, made };
    const record: TransferRecord = {
      ...{ messageId, sessionId: step.session.id, ...size, isPaused: false },
      ...(after !== undefined && { after }),
    };
    step.write(({ messages }) => messages.putTransfer(record));
    step.afterwards(() => {
      this.#context.transfers.replace(record);
      if (made < segments.total) this.#keep(messageId, source);
      this.#feedAll();
    });
    return lamport;
  }

  /** No more segments are made, and none is sent again; those in the outbox leave. @returns false if there is none to pause */
  pause(messageId: string): Promise<boolean> {
    return this.#setPaused(messageId, true);
  }

  /** @returns false if it is not paused */
  async resume(messageId: string): Promise<boolean> {
    const isResumed = await this.#setPaused(messageId, false);
    if (isResumed) this.#feedAll();
    return isResumed;
  }

  /**
   * Ends it while a segment has not left, so that the peer can never have all of them; the peer is told.
   *
   * @returns false if it is too late
   */
  async cancel(messageId: string): Promise<boolean> {
    return this.#inTurn(messageId, async (record, step) => {
      const { outbox, clock } = this.#context;
      const body = await this.#cancelledBody(record);
      const rows = outbox.unsentSegments(messageId);
      const inHand = rows.filter(({ transmission }) => transmission !== undefined).length;
      if (record.made === record.total && rows.length === inHand) return false;
      // From here on nothing of it leaves. If this fails, what is durable is taken up again at the next start.
      outbox.forgetMessage(messageId);
      this.#drop(messageId);
      // Nobody knows of it if nothing of it has begun to leave.
      if (rows.length - inHand < record.made) this.#way.putSignal(step, body, "normal");
      const { sds, conversationId } = step.session;
      step.session = { ...step.session, sds: withdrawLater(sds, new Set(body.sdsIds), clock.nowMs()).state };
      step.write(({ messages }) => {
        messages.deleteParts(messageId);
        messages.setStatus(messageId, "cancelled");
      });
      step.notify({ kind: "status", messageId, conversationId, status: "cancelled" });
      await step.commit();
      return true;
    });
  }

  #feedAll(): void {
    const { transfers, outbox } = this.#context;
    for (const { messageId, isPaused, made, total } of transfers.all()) {
      if (isPaused || made === total || this.#feeding.has(messageId)) continue;
      if (outbox.unsentCount(messageId) <= FEW) void this.#feed(messageId);
    }
  }

  async #feed(messageId: string): Promise<void> {
    if (this.#isClosed) return;
    this.#feeding.add(messageId);
    try {
      await this.#inTurn(messageId, (record, step) => this.#makeMore(record, step));
      this.#feeding.delete(messageId);
    } catch (error) {
      this.#drop(messageId);
      const isFull = error instanceof ChatError && error.code === "CONVERSATION_FULL";
      if (!isFull) this.#context.notifier.notify({ kind: "error", error });
      this.#cancelRetry();
      if (this.#isClosed) return;
      this.#cancelRetry = this.#context.clock.after(PAUSE_AFTER_FAILURE_MS, () => {
        this.#feeding.clear();
        this.#feedAll();
      });
    }
  }

  async #makeMore(record: TransferRecord, step: SessionStep): Promise<boolean> {
    const { transfers, outbox, peers } = this.#context;
    const { messageId, total, made, isPaused } = record;
    const count = Math.min(MOST - outbox.unsentCount(messageId), total - made);
    const isHeld = isPaused || peers.isBlocked(step.session.conversationId);
    if (this.#isClosed || isHeld || count <= 0) return false;
    const source = await this.#sourceOf(record);
    if (source === undefined) return false;
    // What it is sent with, once it is on its way: an optional message is sent whole or not at all.
    const batch = { messageId, priority: "normal", segments: taken(source, count), after: record.after } as const;
    const { after } = this.#way.putBatch(step, batch);
    const next: TransferRecord = { ...record, made: made + count, ...(after !== undefined && { after }) };
    step.write(({ messages }) => messages.putTransfer(next));
    step.afterwards(() => {
      transfers.replace(next);
      if (next.made === total) this.#drop(messageId);
      else this.#keep(messageId, source);
    });
    await step.commit();
    return true;
  }

  async #setPaused(messageId: string, isPaused: boolean): Promise<boolean> {
    return this.#inTurn(messageId, async (record) => {
      if (record.isPaused === isPaused) return isPaused;
      const next = { ...record, isPaused };
      const { store, transfers } = this.#context;
      await store.write(({ messages }) => messages.putTransfer(next));
      transfers.replace(next);
      this.#context.notifier.notify({ kind: "moved", messageId });
      if (isPaused) this.#drop(messageId);
      return true;
    });
  }

  async #pauseFailed(messageId: string): Promise<void> {
    try {
      await this.pause(messageId);
    } catch (error) {
      this.#context.notifier.notify({ kind: "error", error });
    }
  }

  /** False without a turn if there is no such transfer, or its session can not be used. */
  async #inTurn(
    messageId: string,
    operation: (record: TransferRecord, step: SessionStep) => Promise<boolean>,
  ): Promise<boolean> {
    const { transfers, sessions, serial } = this.#context;
    const conversationId = sessions.get(transfers.get(messageId)?.sessionId ?? "")?.conversationId;
    if (conversationId === undefined) return false;
    return serial.run(conversationId, async () => {
      const record = transfers.get(messageId);
      const session = record && sessions.get(record.sessionId);
      if (record === undefined || session === undefined) return false;
      return operation(record, new SessionStep(session, this.#context));
    });
  }

  /** The segments from the next one on: of memory, or made of the message once more. */
  async #sourceOf(record: TransferRecord): Promise<Source | undefined> {
    const { messageId, made } = record;
    const kept = this.#sources.get(messageId);
    if (kept?.next === made) return kept;
    const segments = await this.#segmentsOf(record);
    if (segments === undefined) return undefined;
    const source: Source = { segments: segments[Symbol.iterator](), next: 0, release: () => {} };
    for (const _ of taken(source, made));
    return source;
  }

  async #segmentsOf({ messageId, segmentSize }: TransferRecord): Promise<Segments | undefined> {
    const message = await this.#context.store.messages.message(messageId);
    if (message === undefined) return undefined;
    const { sentAtMs: timestampMs, content } = message;
    return this.#way.cut(encodePrivateFrame({ timestampMs, body: { kind: "content", content } }), segmentSize);
  }

  async #cancelledBody(record: TransferRecord): Promise<CancelledBody> {
    const setId = (await this.#segmentsOf(record))?.setId ?? "";
    const sdsIds = await this.#context.store.messages.pendingIds(record.messageId);
    return { kind: "cancelled", payloadHash: readSetId(setId).payloadHash, sdsIds };
  }

  #keep(messageId: string, source: Source): void {
    this.#sources.get(messageId)?.release();
    source.release = this.#context.clock.after(KEEP_SOURCE_MS, () => this.#drop(messageId));
    this.#sources.set(messageId, source);
  }

  #drop(messageId: string): void {
    this.#sources.get(messageId)?.release();
    this.#sources.delete(messageId);
  }
}

/** The next `count` of them, one after the other. */
function* taken(source: Source, count: number): Generator<Uint8Array, void, undefined> {
  for (let index = 0; index < count; index += 1) {
    const { done, value } = source.segments.next();
    if (done) return;
    source.next += 1;
    yield value;
  }
}
