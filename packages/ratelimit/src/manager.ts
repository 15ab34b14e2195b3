/**
 * Lets messages pass to the delivery service as the quota of each epoch allows. Every decision is durable before it
 * has an effect: a message is stored before it counts as submitted, and its slot before it is transmitted.
 * Source: 17/WAKU2-RLN-RELAY; requirements RATE-F1 to F7.
 * @module
 */
import { DeliveryError } from "./delivery-service.ts";
import { EpochLedger } from "./epoch-ledger.ts";
import { RateLimitError } from "./errors.ts";
import { estimateMs } from "./estimate.ts";
import { Listeners } from "./listeners.ts";
import {
  type DeliveryProblem,
  type DropReason,
  type MessageStatus,
  type Outcome,
  PRIORITIES,
  type Priority,
} from "./message.ts";
import { type RateLimitOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import type { QueueChange, QueueContents, QueuedRecord } from "./queue-store.ts";
import { type Quota, quotaOf, roomFor, shareOf } from "./quota.ts";
import type { QuotaReading } from "./quota-source.ts";
import { pauseAfter } from "./retry.ts";
import { StatusBoard } from "./status-board.ts";
import { type StatusSource, Submission } from "./submission.ts";
import { type Unit, UnitQueue } from "./unit-queue.ts";

export type NewMessage = {
  /** Copied. */
  readonly bytes: Uint8Array;
  /** Stands for these bytes for ever: submitting it again is submitting nothing new. @default a random one */
  readonly id?: string;
};

export type SubmitOptions = {
  /** @default "normal" */
  readonly priority?: Priority;
};

/** Where a message is while it has not ended. `problem`: what the last attempt met. */
type Place = { readonly unit: Unit; state: "waiting" | "under-way"; problem?: DeliveryProblem };

/** Timers of a machine that slept are late: the clock is looked at this often at least. */
const LONGEST_TIMER_MS = 60_000;

export class RateLimitManager implements StatusSource, AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #ledger: EpochLedger;
  readonly #board: StatusBoard;
  readonly #queue = new UnitQueue();
  /** By message. */
  readonly #places = new Map<string, Place>();
  /** Units that wait for their next attempt, outside of the queue so that they hold up nobody. */
  readonly #paused = new Set<Unit>();
  /** Units that hold slots of this epoch already, from an attempt before: they need no more quota. */
  #ready: Unit[] = [];
  /** What is on its way into the store, by id. */
  readonly #storing = new Map<string, Promise<readonly Submission[]>>();
  readonly #quotaListeners = new Listeners<[quota: Quota]>();
  readonly #errorListeners = new Listeners<[error: unknown]>();
  readonly #closing = new AbortController();
  /** Ends that the store refused so far; they go with the next commit. */
  #unsaved: QueueChange[] = [];
  #reading: QuotaReading;
  #nextSequence: number;
  #queuedMessages = 0;
  #queuedBytes = 0;
  readonly #underWay = new Set<Promise<void>>();
  #isDue = false;
  #pumping: Promise<void> | undefined;
  #failures = 0;
  #cancelTimer: () => void = () => {};

  private constructor(options: ResolvedOptions, contents: QueueContents, reading: QuotaReading) {
    this.#options = options;
    this.#ledger = new EpochLedger(contents.ledger);
    this.#board = new StatusBoard(contents.ended, options.maxEnded);
    this.#reading = reading;
    this.#nextSequence = (contents.queued.at(-1)?.sequence ?? 0) + 1;
    for (const unit of unitsOf(contents.queued)) {
      this.#count(unit, 1);
      this.#locate(unit, "waiting");
      this.#requeue(unit);
    }
  }

  /**
   * Takes over the store and goes on with what it holds.
   *
   * @throws {@link RateLimitError} `INVALID_OPTION`, and what the store and the source throw, as a rejection
   */
  static async open(options: RateLimitOptions): Promise<RateLimitManager> {
    const resolved = await resolveOptions(options);
    try {
      const reading = await resolved.source.read(resolved.clock.nowMs());
      const manager = new RateLimitManager(resolved, await resolved.store.load(), reading);
      await manager.#endWhatCannotGoOn();
      manager.#wake();
      return manager;
    } catch (error) {
      await resolved.store.close();
      throw error;
    }
  }

  /** Aborted when the manager is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Of the epoch that the source told last. */
  get quota(): Quota {
    return quotaOf(this.#reading, this.#ledger, this.#options);
  }

  /** Told after each change. */
  onQuota(listener: (quota: Quota) => void): () => void {
    return this.#quotaListeners.add(listener);
  }

  /** Told of every status of every message. */
  onStatus(listener: (id: string, status: MessageStatus) => void): () => void {
    return this.#board.observe(listener);
  }

  /** What kept the queue from going on for now: the store or the quota source failed. It is tried again. */
  onError(listener: (error: unknown) => void): () => void {
    return this.#errorListeners.add(listener);
  }

  observeOne(id: string, listener: (status: MessageStatus) => void): () => void {
    return this.#board.observeOne(id, listener);
  }

  /**
   * Takes a message. Once the promise resolves, it is in the store and will be sent, or its status says why not.
   *
   * @throws {@link RateLimitError} `QUEUE_FULL`, `BATCH_TOO_LARGE` if no epoch has quota for its priority, `CLOSED`,
   *   and what the store throws, all as rejections: then nothing was taken
   */
  async submit(message: NewMessage, { priority = "normal" }: SubmitOptions = {}): Promise<Submission> {
    const id = message.id ?? this.#options.newId();
    this.#assertOpen();
    const storing = this.#storing.get(id);
    if (storing === undefined && this.status(id) !== undefined) return new Submission(id, this);
    const [submission] = await (storing ?? this.#submit([{ ...message, id }], priority));
    return submission ?? new Submission(id, this);
  }

  /**
   * Takes messages of which all are sent in one epoch, or none: they wait or are dropped together.
   *
   * @returns one submission for each message, in order
   * @throws as {@link submit}
   */
  async submitBatch(messages: readonly NewMessage[], { priority = "normal" }: SubmitOptions = {}) {
    if (messages.length === 0) throw new RateLimitError("INVALID_OPTION", "batch: want a message or more, got none");
    this.#assertOpen();
    const named = messages.map(({ bytes, id = this.#options.newId() }) => ({ bytes, id }));
    const known = named.find(({ id }, index) => {
      return (
        this.#storing.has(id) || this.status(id) !== undefined || named.findIndex((other) => other.id === id) < index
      );
    });
    if (known !== undefined) throw new RateLimitError("DUPLICATE_ID", `batch: want new ids, got ${known.id}`);
    return this.#submit(named, priority, this.#options.newId());
  }

  status(id: string): MessageStatus | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return this.#board.outcome(id);
    return this.#statusAt(id, place);
  }

  /** @returns false if the message is under way, has ended or is not known; of a batch, all of it is cancelled */
  async cancel(id: string): Promise<boolean> {
    const place = this.#places.get(id);
    if (place === undefined || place.state === "under-way") return false;
    const { unit } = place;
    if (!this.#queue.delete(unit)) this.#paused.delete(unit);
    await this.#end(unit.records.map((record) => [record, { kind: "cancelled" }]));
    return true;
  }

  /** Stops after what is under way has been told to; what waits goes on when the store is opened again. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#cancelTimer();
    }
    await this.#pumping;
    await Promise.all(this.#underWay);
    await this.#options.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #submit(messages: readonly Required<NewMessage>[], priority: Priority, batchId?: string) {
    if (!PRIORITIES.includes(priority)) {
      throw new RateLimitError("INVALID_OPTION", `priority: want one of ${PRIORITIES.join(", ")}, got ${priority}`);
    }
    const unit = this.#newUnit(messages, priority, batchId);
    const share = shareOf(priority, this.quota);
    if (messages.length > 1 && messages.length > share) {
      throw new RateLimitError("BATCH_TOO_LARGE", `batch: want ≤ ${share} messages, got ${messages.length}`);
    }
    this.#assertRoom(unit);
    this.#count(unit, 1);
    const storing = this.#store(unit, messages);
    for (const { id } of messages) this.#storing.set(id, storing);
    try {
      return await storing;
    } finally {
      for (const { id } of messages) this.#storing.delete(id);
    }
  }

  async #store(unit: Unit, messages: readonly Required<NewMessage>[]): Promise<readonly Submission[]> {
    const submissions = messages.map(({ id }) => new Submission(id, this));
    try {
      if (this.#isStale()) await this.#read();
      if (unit.priority === "optional" && unit.records.length > roomFor("optional", this.quota)) {
        this.#locate(unit, "waiting");
        await this.#drop(unit);
        return submissions;
      }
      const puts = unit.records.map((record, index): QueueChange => {
        const bytes = messages[index]?.bytes;
        return { kind: "put", record, ...(bytes !== undefined && { bytes }) };
      });
      await this.#options.store.commit(puts);
    } catch (error) {
      this.#count(unit, -1);
      throw error;
    }
    this.#locate(unit, "waiting");
    this.#queue.insert(unit);
    this.#tellAll(unit);
    this.#wake();
    return submissions;
  }

  #newUnit(messages: readonly Required<NewMessage>[], priority: Priority, batchId: string | undefined): Unit {
    const sequence = this.#nextSequence;
    this.#nextSequence += messages.length;
    const records = messages.map(({ id, bytes }, index): QueuedRecord => {
      return {
        id,
        sequence: sequence + index,
        priority,
        length: bytes.length,
        ...(batchId !== undefined && { batch: { id: batchId, size: messages.length } }),
        attempts: 0,
        submittedAtMs: this.#options.clock.nowMs(),
      };
    });
    return { id: batchId ?? messages[0]?.id ?? "", priority, sequence, records };
  }

  #assertRoom({ records }: Unit): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#options;
    const messages = this.#queuedMessages + records.length;
    const bytes = this.#queuedBytes + lengthOf(records);
    if (messages > maxQueuedMessages) {
      throw new RateLimitError("QUEUE_FULL", `queue: want ≤ ${maxQueuedMessages} messages, got ${messages}`);
    }
    if (bytes > maxQueuedBytes) {
      throw new RateLimitError("QUEUE_FULL", `queue: want ≤ ${maxQueuedBytes} bytes, got ${bytes}`);
    }
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted)
      throw new RateLimitError("CLOSED", "manager: want it open, got a call after close()");
  }

  /** Lets pass what may pass now. One at a time: what is asked for meanwhile is done after. */
  #wake(): void {
    this.#isDue = true;
    if (this.#pumping !== undefined || this.#closing.signal.aborted) return;
    this.#cancelTimer();
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      if (this.#isDue) this.#wake();
    });
  }

  async #pump(): Promise<void> {
    try {
      while (this.#isDue && !this.#closing.signal.aborted) {
        this.#isDue = false;
        await this.#read();
        await this.#commit([]);
        for (const unit of this.#pausedUntilNow()) {
          this.#paused.delete(unit);
          this.#requeue(unit);
        }
        for (const unit of this.#droppable()) {
          if (this.#queue.delete(unit)) await this.#drop(unit);
        }
        const units = await this.#take();
        for (const unit of units) this.#start(unit);
      }
      this.#failures = 0;
      this.#wakeAt(this.#nextWakeUpMs());
    } catch (error) {
      this.#isDue = false;
      this.#failures += 1;
      this.#errorListeners.tell(error);
      const pauseMs = pauseAfter(this.#failures, this.#options.retry, this.#options.random());
      this.#wakeAt(this.#options.clock.nowMs() + pauseMs);
    }
  }

  async #read(): Promise<void> {
    const before = this.quota;
    this.#reading = await this.#options.source.read(this.#options.clock.nowMs());
    this.#tellQuota(before);
  }

  #isStale(): boolean {
    return this.#options.clock.nowMs() >= this.#reading.endsAtMs;
  }

  #tellQuota(before: Quota): void {
    const { quota } = this;
    const isNew = quota.epoch !== before.epoch || quota.used !== before.used || quota.total !== before.total;
    if (isNew) this.#quotaListeners.tell(quota);
  }

  /** Takes the units that go now, with slots, durably. */
  async #take(): Promise<Unit[]> {
    const taken: Unit[] = [];
    const before = this.quota;
    while (this.#underWay.size + taken.length < this.#options.concurrency) {
      const unit = this.#ready.shift() ?? this.#nextFitting();
      if (unit === undefined) break;
      taken.push(unit);
      const slots = this.#ledger.take(...this.#slotsFor(unit)).values();
      unit.records = unit.records.map((record) => {
        const slot = this.#isOfThisEpoch(record) ? record.slot : slots.next().value;
        return { ...record, ...(slot !== undefined && { slot }), attempts: record.attempts + 1 };
      });
    }
    if (taken.length === 0) return [];
    try {
      const puts = taken.flatMap(({ records }) => records.map((record): QueueChange => ({ kind: "put", record })));
      await this.#commit([{ kind: "ledger", ledger: this.#ledger.toRecord() }, ...puts]);
    } catch (error) {
      // Nothing was transmitted, so these attempts never were. The indexes stay taken in memory: that is safe.
      for (const unit of taken) {
        unit.records = unit.records.map(({ slot: _, ...record }) => ({ ...record, attempts: record.attempts - 1 }));
        this.#requeue(unit);
      }
      throw error;
    } finally {
      this.#tellQuota(before);
    }
    return taken;
  }

  #slotsFor(unit: Unit): [epoch: number, count: number, priority: Priority, usedElsewhere: number] {
    const count = unit.records.filter((record) => !this.#isOfThisEpoch(record)).length;
    return [this.#reading.epoch, count, unit.priority, this.#reading.used ?? 0];
  }

  /** Nothing overtakes the first unit, even if it would fit where the first does not. */
  #nextFitting(): Unit | undefined {
    const { first } = this.#queue;
    if (first === undefined || first.records.length > roomFor(first.priority, this.quota)) return undefined;
    this.#queue.delete(first);
    return first;
  }

  #isOfThisEpoch({ slot }: QueuedRecord): boolean {
    return slot !== undefined && slot.epoch === this.#reading.epoch;
  }

  /** Optional units that do not fit any more. */
  #droppable(): Unit[] {
    const { quota } = this;
    if (quota.level !== "high") return this.#queue.of("optional");
    const { first } = this.#queue;
    return first?.priority === "optional" && first.records.length > roomFor("optional", quota) ? [first] : [];
  }

  async #drop(unit: Unit): Promise<void> {
    const reason: DropReason = this.quota.remaining === 0 ? "quota-exhausted" : "quota-low";
    await this.#end(unit.records.map((record) => [record, { kind: "dropped", reason }]));
  }

  #start(unit: Unit): void {
    this.#locate(unit, "under-way");
    this.#tellAll(unit);
    const passing = this.#pass(unit).catch((error: unknown) => this.#errorListeners.tell(error));
    const done = passing.finally(() => {
      this.#underWay.delete(done);
      this.#wake();
    });
    this.#underWay.add(done);
  }

  /** Hands over the messages of a unit one after the other; the first that is not taken ends it. */
  async #pass(unit: Unit): Promise<void> {
    for (const [index, record] of unit.records.entries()) {
      const outcome = await this.#deliver(record);
      if (outcome === undefined) return; // closing: it goes on when the store is opened again
      if (outcome.kind === "passed") {
        await this.#end([[record, outcome]]);
        continue;
      }
      const { problem } = outcome;
      const isWhole = index === 0 && unit.records.length === (record.batch?.size ?? 1);
      if (isWhole && problem.isTemporary && record.attempts < this.#options.retry.maxAttempts) {
        return this.#pause(unit, problem);
      }
      const rest = unit.records.slice(index + 1);
      await this.#end([[record, outcome], ...rest.map((other): Ending => [other, notPassed(problem)])]);
      return;
    }
  }

  async #deliver({ id, slot, attempts }: QueuedRecord): Promise<(Outcome & { kind: "passed" | "failed" }) | undefined> {
    const { signal } = this.#closing;
    if (slot === undefined) throw new RateLimitError("CLOSED", `message ${id}: want a slot, got none`);
    try {
      const bytes = await this.#options.store.bytesOf(id);
      if (bytes === undefined)
        throw new DeliveryError("message: want it in the store, got none", { isTemporary: false });
      const receipt = await this.#options.delivery.deliver({ id, bytes, slot, attempt: attempts, signal });
      return { kind: "passed", slot, receipt };
    } catch (error) {
      if (signal.aborted) return undefined;
      return { kind: "failed", reason: "refused", problem: problemOf(error), willRetry: false };
    }
  }

  async #pause(unit: Unit, problem: DeliveryProblem): Promise<void> {
    const { clock, retry, random } = this.#options;
    const notBeforeMs = clock.nowMs() + pauseAfter(unit.records[0]?.attempts ?? 1, retry, random());
    unit.records = unit.records.map((record) => ({ ...record, notBeforeMs }));
    this.#paused.add(unit);
    this.#locate(unit, "waiting", problem);
    this.#tellAll(unit);
    await this.#commit(unit.records.map((record): QueueChange => ({ kind: "put", record })));
  }

  #pausedUntilNow(): Unit[] {
    const nowMs = this.#options.clock.nowMs();
    return [...this.#paused].filter(({ records: [first] }) => (first?.notBeforeMs ?? 0) <= nowMs);
  }

  #nextWakeUpMs(): number {
    const retries = [...this.#paused].map(({ records: [first] }) => first?.notBeforeMs ?? 0);
    const turn = this.#queue.first === undefined ? Number.POSITIVE_INFINITY : this.#reading.endsAtMs;
    return Math.min(turn, ...retries);
  }

  #wakeAt(atMs: number): void {
    this.#cancelTimer();
    if (atMs === Number.POSITIVE_INFINITY || this.#closing.signal.aborted) return;
    const delayMs = Math.max(1, atMs - this.#options.clock.nowMs());
    this.#cancelTimer = this.#options.clock.after(Math.min(LONGEST_TIMER_MS, delayMs), () => this.#wake());
  }

  /** What can not go on as it was when the process ended: half of a batch in another epoch, and the last attempt. */
  async #endWhatCannotGoOn(): Promise<void> {
    const units = new Set([...this.#places.values()].map(({ unit }) => unit));
    for (const unit of units) {
      const [first, ...rest] = unit.records;
      if (first === undefined) continue;
      const isHalf = unit.records.length < (first.batch?.size ?? 1);
      const isCutOff = isHalf && !unit.records.every((record) => this.#isOfThisEpoch(record));
      if (!isCutOff && first.attempts < this.#options.retry.maxAttempts) continue;
      this.#queue.delete(unit);
      this.#ready = this.#ready.filter((other) => other !== unit);
      const problem = { message: "the process ended while it was under way", isTemporary: false };
      const unknown: Outcome = { kind: "failed", reason: "unknown", problem, willRetry: false };
      await this.#end([[first, unknown], ...rest.map((other): Ending => [other, notPassed(problem)])]);
    }
  }

  /** To where a unit waits for its turn: before the queue if it has its slots already. */
  #requeue(unit: Unit): void {
    if (unit.records.every((record) => this.#isOfThisEpoch(record))) this.#ready.push(unit);
    else this.#queue.insert(unit);
  }

  async #end(endings: readonly Ending[]): Promise<void> {
    const endedAtMs = this.#options.clock.nowMs();
    for (const [record, outcome] of endings) {
      this.#places.delete(record.id);
      this.#queuedMessages -= 1;
      this.#queuedBytes -= record.length;
      const ids = this.#board.end(record.id, outcome);
      this.#unsaved.push({ kind: "end", record: { id: record.id, endedAtMs, outcome } });
      if (ids.length > 0) this.#unsaved.push({ kind: "forget", ids });
    }
    try {
      await this.#commit([]);
    } finally {
      for (const [{ id }, outcome] of endings) this.#board.tell(id, outcome);
    }
  }

  /** With the ends that the store has not taken yet: they are true whether it takes them or not. */
  async #commit(changes: readonly QueueChange[]): Promise<void> {
    const unsaved = this.#unsaved;
    if (unsaved.length + changes.length === 0) return;
    this.#unsaved = [];
    try {
      await this.#options.store.commit([...unsaved, ...changes]);
    } catch (error) {
      this.#unsaved = [...unsaved, ...this.#unsaved];
      throw error;
    }
  }

  #locate(unit: Unit, state: Place["state"], problem?: DeliveryProblem): void {
    const place: Place = { unit, state, ...(problem !== undefined && { problem }) };
    for (const { id } of unit.records) this.#places.set(id, place);
  }

  #count({ records }: Unit, sign: 1 | -1): void {
    this.#queuedMessages += sign * records.length;
    this.#queuedBytes += sign * lengthOf(records);
  }

  #tellAll(unit: Unit): void {
    for (const { id } of unit.records) {
      // A position takes a walk through the queue: only for whoever listens.
      const status = this.#board.isObserved(id) ? this.status(id) : undefined;
      if (status !== undefined) this.#board.tell(id, status);
    }
  }

  #statusAt(id: string, { unit, state, problem }: Place): MessageStatus | undefined {
    const index = unit.records.findIndex((record) => record.id === id);
    const record = unit.records[index];
    if (record === undefined) return undefined;
    const { slot, attempts: attempt, notBeforeMs: retryAtMs } = record;
    if (state === "under-way" && slot !== undefined) return { kind: "passing", slot, attempt };
    if (problem !== undefined && retryAtMs !== undefined)
      return { kind: "failed", problem, willRetry: true, retryAtMs };
    const position = this.#queue.messagesBefore(unit) + index;
    const { epochMs, clock } = this.#options;
    const last = position - index + unit.records.length;
    const estimatedAtMs = estimateMs(last, unit.priority, this.quota, epochMs, clock.nowMs());
    return { kind: "queued", position, ...(estimatedAtMs !== undefined && { estimatedAtMs }) };
  }
}

type Ending = readonly [record: QueuedRecord, outcome: Outcome];

function notPassed(problem: DeliveryProblem): Outcome {
  return { kind: "failed", reason: "not-passed", problem, willRetry: false };
}

function problemOf(error: unknown): DeliveryProblem {
  const message = error instanceof Error ? error.message : String(error);
  return { message, isTemporary: !(error instanceof DeliveryError) || error.isTemporary };
}

function lengthOf(records: readonly QueuedRecord[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

/** @param records - by sequence */
function unitsOf(records: readonly QueuedRecord[]): Unit[] {
  const units: Unit[] = [];
  for (const record of records) {
    const last = units.at(-1);
    if (record.batch !== undefined && record.batch.id === last?.id) last.records = [...last.records, record];
    else
      units.push({
        id: record.batch?.id ?? record.id,
        priority: record.priority,
        sequence: record.sequence,
        records: [record],
      });
  }
  return units;
}
