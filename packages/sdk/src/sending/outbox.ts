/**
 * Everything that leaves this client: rows of the outbox go to the rate limit manager by priority, and from there to the
 * network as the quota of each epoch allows. Rows survive a crash; a row that was published just before is published
 * again with the same timestamp, so with the same hash, and the network drops the copy.
 * @module
 */
import { estimateMs, type Quota, RateLimitError, RateLimitManager, roomFor } from "@chat/ratelimit";
import { FIRST_RETRANSMISSION_MS } from "@chat/sds";
import type { OutboxEntry } from "@chat/store";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";
import type { ResolvedRateLimit } from "../options.ts";
import { FairQueue } from "./fair-queue.ts";
import { Hold } from "./hold.ts";
import { hasExpired, OutboxDelivery } from "./outbox-delivery.ts";
import { OutboxQueue, type RowEnding } from "./outbox-queue.ts";
import { OutboxRows } from "./outbox-rows.ts";
import { isFrameId } from "./way-out.ts";

/** Of the quota, that acknowledgements leave alone. */
const SHARE_OF_TEXTS = 0.1;
/** Rows below critical that the manager has at one time: what comes later waits behind these only. */
const WINDOW = 32;
/** Retries end earlier, when the timestamp is too old. */
const MAX_ATTEMPTS = 50;
const LONGEST_PAUSE_MS = 60_000;
/** That a row has left is written together with what comes next, if that comes so soon: one wait for the disk fewer. */
const SETTLE_WITHIN_MS = 20;

/** Why a message has not left yet, and when it should. */
export type Waiting = {
  /** Of the message, that have not left. */
  readonly envelopes: number;
  /** `turn`: it is on its way, or others go before it. */
  readonly reason: "connection" | "quota" | "retry" | "turn";
  readonly until?: Date;
  /** What the last attempt met. */
  readonly problem?: string;
};

type Parts = Pick<Context, "store" | "clock" | "delivery" | "notifier" | "sessions" | "random" | "transfers">;

export class Outbox {
  readonly #context: Parts;
  readonly #limit: ResolvedRateLimit;
  readonly #rows = new OutboxRows();
  readonly #queues = { normal: new FairQueue<OutboxEntry>(), optional: new FairQueue<OutboxEntry>() };
  /** Rows below critical that the manager has; those that wait for another attempt hold up nobody and do not count. */
  readonly #window = { normal: new Set<string>(), optional: new Set<string>() };
  readonly #hold: Hold;
  readonly #roomListeners = new Set<() => void>();
  #manager: RateLimitManager | undefined;
  #cancelTurn: () => void = () => {};
  #isClosed = false;

  private constructor(context: Parts, limit: ResolvedRateLimit) {
    this.#context = context;
    this.#limit = limit;
    this.#hold = new Hold(context, (isHeld) => this.#onHold(isHeld));
  }

  static async open(context: Parts, limit: ResolvedRateLimit): Promise<Outbox> {
    const outbox = new Outbox(context, limit);
    await outbox.#open();
    return outbox;
  }

  get quota(): Quota {
    return this.#openManager().quota;
  }

  /**
   * Takes up a row that is being written.
   *
   * @param durable - settles with the write; what has not become durable never leaves
   */
  add(row: OutboxEntry, durable: Promise<void>): void {
    this.#rows.insert(row, durable);
    durable.catch(() => this.#takeBack(row));
    this.#submit(row);
  }

  /** @throws {@link ChatError} `OUTBOX_FULL` */
  assertRoom(envelopes: number, bytes: number): void {
    const { maxMessages, maxBytes } = this.#limit;
    const { waiting } = this.#context.transfers;
    const [count, size] = [this.#rows.count + waiting.segments, this.#rows.bytes + waiting.bytes];
    if (count + envelopes <= maxMessages && size + bytes <= maxBytes) return;
    const remedy = "wait until messages have left, or send a smaller one";
    throw new ChatError("OUTBOX_FULL", `outbox: want ≤ ${maxMessages} envelopes and ≤ ${maxBytes} bytes; ${remedy}`, {
      retryable: true,
    });
  }

  /** Envelopes that have not left. */
  get waitingCount(): number {
    return this.#rows.count;
  }

  /** How many envelopes of a message have not left. */
  unsentCount(messageId: string): number {
    return this.#rows.unsentCount(messageId);
  }

  /** Whether some of the message has left so lately that nobody can be expected to have confirmed it. */
  hasJustLeft(messageId: string): boolean {
    const leftAtMs = this.#rows.leftAtMs(messageId) ?? Number.NEGATIVE_INFINITY;
    const sinceMs = this.#context.clock.nowMs() - leftAtMs;
    return sinceMs >= 0 && sinceMs < FIRST_RETRANSMISSION_MS; // a clock may be set back
  }

  /** Its segments that have not left. Those that have a place in the quota are on their way. */
  unsentSegments(messageId: string): OutboxEntry[] {
    return this.#rows.ofMessage(messageId).filter(({ purpose }) => purpose === "content");
  }

  /** Whether so many optional envelopes would leave now, quota permitting. */
  hasRoomForOptional(envelopes: number): boolean {
    if (this.#isOver() || this.quota.level === "unknown") return true; // then the manager decides
    return roomFor("optional", this.quota) >= this.#window.optional.size + envelopes;
  }

  /** Whether what is of no use later would leave now. */
  get hasRoomForSignal(): boolean {
    return !this.#hold.isHeld && this.hasRoomForOptional(1);
  }

  /**
   * The priority with which an acknowledgement would leave now; undefined if it would not. It is built no earlier, so that
   * it confirms all there is to confirm. Of what texts have for themselves when quota is low it may use the larger part:
   * what is not confirmed is sent again, and an observer shall not see confirmations end while texts go on.
   *
   * @param others - acknowledgements that are being built
   */
  priorityOfAcknowledgement(sessionId: string, others: number): OutboxEntry["priority"] | undefined {
    if (this.#hold.isHeld || this.#rows.hasAcknowledgement(sessionId)) return undefined;
    if (this.#isOver() || roomFor("normal", this.quota) > this.#window.normal.size + others) return "normal";
    const { remaining, total } = this.quota;
    return remaining - others > total * SHARE_OF_TEXTS ? "critical" : undefined;
  }

  /** While its own quota is low, a sender does not retransmit: what is missing may be acknowledged already. */
  get maySpendOnRetransmissions(): boolean {
    return this.#isOver() || this.quota.level === "high";
  }

  /** Told when what could not leave before may leave now. */
  onRoom(listener: () => void): () => void {
    this.#roomListeners.add(listener);
    return () => this.#roomListeners.delete(listener);
  }

  onQuota(listener: (quota: Quota) => void): () => void {
    return this.#openManager().onQuota(listener);
  }

  /** Undefined when all of the message has left. */
  waiting(messageId: string): Waiting | undefined {
    const rows = this.#rows.ofMessage(messageId);
    if (rows.length === 0) return undefined;
    const envelopes = rows.length;
    if (this.#hold.isHeld) return { envelopes, reason: "connection" };
    const nowMs = this.#context.clock.nowMs();
    const paused = rows.find(({ transmission }) => (transmission?.notBeforeMs ?? 0) > nowMs);
    const status = paused && this.#openManager().status(paused.id);
    if (status?.kind === "failed" && status.willRetry) {
      return { envelopes, reason: "retry", until: new Date(status.retryAtMs), problem: status.problem.message };
    }
    const untilMs = this.#estimateMs(rows);
    if (untilMs === undefined) return { envelopes, reason: "quota" };
    return untilMs > nowMs ? { envelopes, reason: "quota", until: new Date(untilMs) } : { envelopes, reason: "turn" };
  }

  /** Something else is about to be written: that rows have left goes with it. */
  settle(): void {
    this.#manager?.settle();
  }

  /** The message was deleted: what of it has not left does not leave. */
  forgetMessage(messageId: string): void {
    this.#context.transfers.remove(messageId);
    for (const row of this.#rows.ofMessage(messageId)) this.#takeBack(row);
  }

  /** As {@link forgetMessage}, of all of a session. */
  forgetSession(sessionId: string): void {
    this.#context.transfers.removeOfSession(sessionId);
    for (const row of this.#rows.ofSession(sessionId)) this.#takeBack(row);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hold.close();
    this.#cancelTurn();
    await this.#manager?.close();
  }

  async #open(): Promise<void> {
    const { clock, notifier, store } = this.#context;
    const { maxMessages, maxBytes, ...limit } = this.#limit;
    const unstarted: OutboxEntry[] = [];
    for await (const row of store.messages.outbox()) {
      this.#rows.insert(row);
      if (row.transmission === undefined) unstarted.push(row);
    }
    await this.#recall();
    const queue = new OutboxQueue({
      context: this.#context,
      rows: this.#rows,
      epochSeconds: limit.epochSeconds,
      hasExpired: (row) => hasExpired(row, clock.nowMs()),
      onPause: (row) => this.#leaveWindow(row),
      onEnd: (row, ending, isLast) => this.#onEnd(row, ending, isLast),
    });
    const delivery = new OutboxDelivery({
      context: this.#context,
      rows: this.#rows,
      onUnreachable: (error) => this.#hold.onUnreachable(error),
      onReached: (row) => {
        this.#hold.onReached();
        this.#rows.leave(row, this.#context.clock.nowMs());
        this.#tellRoom();
      },
    });
    this.#manager = await RateLimitManager.open({
      ...limit,
      delivery,
      store: queue,
      clock,
      random: () => new DataView(this.#context.random(4).buffer).getUint32(0) / 2 ** 32,
      maxAttempts: MAX_ATTEMPTS,
      longestPauseMs: LONGEST_PAUSE_MS,
      settleWithinMs: SETTLE_WITHIN_MS,
      maxEnded: 0, // their statuses are in the message database
    });
    if (this.#hold.isHeld) this.#manager.hold();
    this.#manager.onQuota((quota) => {
      this.#armTurn(quota);
      this.#tellRoom();
    });
    this.#armTurn(this.#manager.quota);
    this.#manager.onError((error) => notifier.notify({ kind: "error", error }));
    this.#handOver(unstarted.filter(({ priority }) => priority === "critical"));
    for (const row of unstarted) if (row.priority !== "critical") this.#submit(row);
  }

  /** A message may have been delivered although nobody heard that it was sent: then its rows go out once more. */
  async #recall(): Promise<void> {
    const { store, notifier } = this.#context;
    for (const id of this.#rows.messageIds()) {
      const record = await store.messages.messageState(id);
      if (record !== undefined && record.status !== "received") notifier.know(id, record.status);
    }
  }

  #submit(row: OutboxEntry): void {
    if (row.priority === "critical") this.#handOver([row]);
    else {
      this.#queues[row.priority].push(row.messageId ?? row.id, row);
      this.#fill();
    }
  }

  #fill(): void {
    for (const priority of ["normal", "optional"] as const) {
      while (this.#window[priority].size < WINDOW) {
        const row = this.#queues[priority].shift();
        if (row === undefined) break;
        if (this.#rows.get(row.id) === undefined) continue; // taken back
        this.#window[priority].add(row.id);
        this.#handOver([row]);
      }
    }
  }

  #handOver(rows: readonly OutboxEntry[]): void {
    this.#openManager()
      .adopt(rows.map(({ id, length, priority }) => ({ id, length, priority })))
      .catch((error: unknown) => {
        if (error instanceof RateLimitError && error.code === "CLOSED") return; // taken up when it is opened again
        this.#context.notifier.notify({ kind: "error", error });
      });
  }

  /** It is not there, or no more. The manager may have a place for it, which then stays empty. */
  #takeBack(row: OutboxEntry): void {
    this.#rows.delete(row.id);
    this.#leaveWindow(row);
    this.#tellRoom();
  }

  #onEnd(row: OutboxEntry, ending: RowEnding, isLastOfMessage: boolean): void {
    const { sessions, notifier } = this.#context;
    const { sessionId, messageId, purpose } = row;
    this.#leaveWindow(row);
    if (ending === "kept") this.#submit(row);
    const conversationId = sessions.get(sessionId)?.conversationId;
    const hasFailed = ending === "failed" && purpose === "content";
    const status = hasFailed ? "failed" : ending === "sent" && isLastOfMessage ? "sent" : undefined;
    if (status !== undefined && messageId !== undefined && !isFrameId(messageId) && conversationId !== undefined) {
      notifier.notify({ kind: "status", messageId, conversationId, status });
    }
    if (messageId !== undefined && this.#context.transfers.get(messageId))
      notifier.notify({ kind: "moved", messageId });
    if (ending === "expired") {
      notifier.notify({ kind: "session", sessionId, owesAcknowledgement: purpose === "acknowledgement" });
    }
    this.#tellRoom();
  }

  #leaveWindow({ id }: OutboxEntry): void {
    for (const window of [this.#window.normal, this.#window.optional]) window.delete(id);
    if (!this.#isClosed) this.#fill();
  }

  #onHold(isHeld: boolean): void {
    if (isHeld) this.#manager?.hold();
    else {
      this.#manager?.release();
      this.#tellRoom();
    }
  }

  /** The manager has no reason to look when an epoch ends in which nothing waits; who shows the quota has. */
  #armTurn(quota: Quota): void {
    this.#cancelTurn();
    if (this.#isClosed || quota.used === 0) return;
    const { clock, notifier } = this.#context;
    this.#cancelTurn = clock.after(Math.max(1, quota.resetsAtMs - clock.nowMs()), () => {
      if (!this.#isOver()) return this.#armTurn(this.quota); // the clock was set back
      const looked = this.#manager?.adopt([]);
      looked?.catch((error: unknown) => notifier.notify({ kind: "error", error }));
    });
  }

  #tellRoom(): void {
    for (const listener of [...this.#roomListeners]) listener();
  }

  /** The epoch that the manager knows is over: whatever is asked of the next one will be there. */
  #isOver(): boolean {
    return this.#context.clock.nowMs() >= this.quota.resetsAtMs;
  }

  /** When the last row should leave, as the manager says, or from what goes before it where it has not reached the manager. */
  #estimateMs(rows: readonly OutboxEntry[]): number | undefined {
    const nowMs = this.#context.clock.nowMs();
    const last = rows.at(-1);
    if (last === undefined) return nowMs;
    const { id, messageId, priority } = last;
    const status = this.#openManager().status(id);
    if (status !== undefined) return status.kind === "queued" ? status.estimatedAtMs : nowMs;
    const critical = this.#rows.criticalCount;
    const queue = priority === "critical" ? undefined : this.#queues[priority];
    const ahead = queue === undefined ? 0 : this.#window.normal.size + queue.countUntil(messageId ?? id);
    return estimateMs(critical + ahead, priority, this.quota, this.#limit.epochSeconds * 1000, nowMs);
  }

  #openManager(): RateLimitManager {
    if (this.#manager === undefined) throw new ChatError("CLOSED", "the outbox is not open");
    return this.#manager;
  }
}
