/**
 * Lets messages pass to the delivery service as the quota of each epoch allows. Every decision is durable before it
 * has an effect: a message is stored before it counts as submitted, and its slot before it is transmitted.
 * Source: 17/WAKU2-RLN-RELAY; requirements RATE-F1 to F7.
 * @module
 */
import { deliver, notPassed } from "./deliver.ts";
import { RateLimitError } from "./errors.ts";
import { assertRoom, type NewMessage, newUnit, type StoredMessage, storedUnit } from "./intake.ts";
import { Journal } from "./journal.ts";
import { Listeners } from "./listeners.ts";
import type { DeliveryProblem, MessageStatus, Outcome, Priority } from "./message.ts";
import { type Ending, MessageBook } from "./message-book.ts";
import { type RateLimitOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import type { QueueChange, QueueContents } from "./queue-store.ts";
import { type Quota, roomFor } from "./quota.ts";
import { QuotaKeeper } from "./quota-keeper.ts";
import type { QuotaReading } from "./quota-source.ts";
import { pauseAfter } from "./retry.ts";
import { Schedule } from "./schedule.ts";
import { type StatusSource, Submission } from "./submission.ts";
import { attemptsOf, isHalf, type Unit, unitsOf } from "./unit.ts";

export type SubmitOptions = {
  /** @default "normal" */
  readonly priority?: Priority;
};

/** Timers of a machine that slept are late: the clock is looked at this often at least. */
const LONGEST_TIMER_MS = 60_000;

export class RateLimitManager implements StatusSource, AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #keeper: QuotaKeeper;
  readonly #journal: Journal;
  readonly #schedule = new Schedule();
  readonly #book: MessageBook;
  /** What is on its way into the store, by id. */
  readonly #storing = new Map<string, Promise<void>>();
  readonly #errorListeners = new Listeners<[error: unknown]>();
  readonly #closing = new AbortController();
  /** One for each unit. */
  readonly #underWay = new Set<Promise<void>>();
  #nextSequence: number;
  #isDue = false;
  #isHeld = false;
  #pumping: Promise<void> | undefined;
  #failures = 0;
  #cancelTimer: () => void = () => {};

  private constructor(options: ResolvedOptions, { ledger, ended, queued }: QueueContents, reading: QuotaReading) {
    this.#options = options;
    this.#keeper = new QuotaKeeper(options, ledger, reading);
    this.#journal = new Journal(options.store);
    this.#book = new MessageBook(options, ended, this.#schedule);
    this.#nextSequence = (queued.at(-1)?.sequence ?? 0) + 1;
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
      const contents = await resolved.store.load();
      const manager = new RateLimitManager(resolved, contents, reading);
      for (const unit of unitsOf(contents.queued)) await manager.#resume(unit);
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
    return this.#keeper.quota;
  }

  /** What has not ended. */
  get load(): { readonly messages: number; readonly bytes: number } {
    const { messages, bytes } = this.#book;
    return { messages, bytes };
  }

  /** Told after each change. */
  onQuota(listener: (quota: Quota) => void): () => void {
    return this.#keeper.observe(listener);
  }

  /** Told of every status of every message. */
  onStatus(listener: (id: string, status: MessageStatus) => void): () => void {
    return this.#book.board.observe(listener);
  }

  /** What kept the queue from going on for now: the store or the quota source failed. It is tried again. */
  onError(listener: (error: unknown) => void): () => void {
    return this.#errorListeners.add(listener);
  }

  observeOne(id: string, listener: (status: MessageStatus) => void): () => void {
    return this.#book.board.observeOne(id, listener);
  }

  /**
   * Takes a message. Once the promise resolves, it is in the store and will be sent, or its status says why not.
   *
   * @throws {@link RateLimitError} `QUEUE_FULL`, `INVALID_OPTION`, `CLOSED`, and what the store throws, all as
   *   rejections: then nothing was taken
   */
  async submit(message: NewMessage, { priority = "normal" }: SubmitOptions = {}): Promise<Submission> {
    this.#assertOpen();
    const { bytes, id = this.#options.newId() } = message;
    if (this.#isKnown(id)) await this.#storing.get(id);
    else await this.#submit([{ bytes, id }], priority);
    return new Submission(id, this);
  }

  /**
   * Takes messages of which all are sent in one epoch, or none: they wait or are dropped together.
   *
   * @returns one submission for each message, in order
   * @throws as {@link submit}; `BATCH_TOO_LARGE` if no epoch could hold it, `DUPLICATE_ID` for an id that is not new
   */
  async submitBatch(messages: readonly NewMessage[], { priority = "normal" }: SubmitOptions = {}) {
    this.#assertOpen();
    if (messages.length === 0) throw new RateLimitError("INVALID_OPTION", "batch: want a message or more, got none");
    const named = messages.map(({ bytes, id = this.#options.newId() }) => ({ bytes, id }));
    const old =
      named.find(({ id }) => this.#isKnown(id)) ??
      (new Set(named.map(({ id }) => id)).size < named.length ? named[0] : undefined);
    if (old !== undefined) throw new RateLimitError("DUPLICATE_ID", `batch: want new ids, each once, got ${old.id}`);
    return this.#submit(named, priority, this.#options.newId());
  }

  /**
   * Takes up messages that the store holds already, with their bytes, in the order given. Room is not checked and no
   * record is written before a slot is; optional ones that do not fit now are dropped. What is known stays as it is.
   *
   * @returns one submission for each message, in order
   * @throws {@link RateLimitError} `INVALID_OPTION`, `CLOSED`, as rejections: then nothing was taken up
   */
  async adopt(messages: readonly StoredMessage[]): Promise<readonly Submission[]> {
    this.#assertOpen();
    const fresh = new Map(messages.filter(({ id }) => !this.#isKnown(id)).map((message) => [message.id, message]));
    const nowMs = this.#options.clock.nowMs();
    const units = [...fresh.values()].map((message, at) => storedUnit(message, this.#nextSequence + at, nowMs));
    this.#nextSequence += units.length;
    for (const unit of units) this.#book.admit(unit);
    await this.#whileStoring(fresh.keys(), this.#takeUp(units));
    return messages.map(({ id }) => new Submission(id, this));
  }

  /** From here on nothing is taken from the queue and no index is used; what is under way goes on. Not persistent. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Ends {@link hold}. What is paused after an error is tried again at once. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const unit of this.#schedule.resumable(Number.POSITIVE_INFINITY)) this.#wait(unit);
    this.#wake();
  }

  status(id: string): MessageStatus | undefined {
    return this.#book.status(id, this.quota);
  }

  /** @returns false if the message is under way, has ended or is not known; of a batch, all of it is cancelled */
  async cancel(id: string): Promise<boolean> {
    const unit = this.#book.waitingUnit(id);
    if (unit === undefined || !this.#schedule.delete(unit)) return false;
    await this.#end(unit.records.map((record): Ending => [record, { kind: "cancelled" }]));
    this.#wake(); // a batch that did not fit may have kept others waiting
    return true;
  }

  /** Stops what is under way; that and what waits goes on when the store is opened again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelTimer();
    await Promise.allSettled(this.#storing.values());
    await this.#pumping;
    await Promise.all(this.#underWay);
    // Outcomes that the store did not take before; else messages that ended would go on when it is opened again.
    await this.#journal.commit().catch((error: unknown) => this.#errorListeners.tell(error));
    await this.#options.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #submit(messages: readonly Required<NewMessage>[], priority: Priority, batchId?: string) {
    const unit = newUnit(messages, priority, this.#nextSequence, this.#options.clock.nowMs(), batchId);
    assertRoom(unit, this.quota, this.#book, this.#options);
    this.#nextSequence += messages.length;
    this.#book.admit(unit);
    const ids = messages.map(({ id }) => id);
    await this.#whileStoring(ids, this.#store(unit, messages));
    return ids.map((id) => new Submission(id, this));
  }

  /** Whoever submits one of `ids` again meanwhile waits for the same. */
  async #whileStoring(ids: Iterable<string>, storing: Promise<void>): Promise<void> {
    const all = [...ids];
    for (const id of all) this.#storing.set(id, storing);
    try {
      await storing;
    } finally {
      for (const id of all) this.#storing.delete(id);
    }
  }

  async #store(unit: Unit, messages: readonly Required<NewMessage>[]): Promise<void> {
    try {
      await this.#learnEpoch();
      if (this.#isToDrop(unit)) await this.#drop([unit]);
      else {
        const puts = unit.records.map((record, index): QueueChange => {
          const bytes = messages[index]?.bytes;
          return { kind: "put", record, ...(bytes !== undefined && { bytes }) };
        });
        await this.#journal.commit(puts);
        this.#wait(unit);
      }
      this.#wake(); // also for what waited, if the epoch has turned
    } catch (error) {
      this.#book.dismiss(unit);
      throw error;
    }
  }

  async #takeUp(units: readonly Unit[]): Promise<void> {
    await this.#learnEpoch();
    const dropped: Unit[] = [];
    for (const unit of units) {
      if (this.#isToDrop(unit)) dropped.push(unit);
      else this.#wait(unit);
    }
    await this.#drop(dropped);
    this.#wake();
  }

  /** A source that fails keeps messages from passing, not from being taken. */
  async #learnEpoch(): Promise<void> {
    await this.#keeper.readIfOver().catch((error: unknown) => this.#errorListeners.tell(error));
  }

  #isToDrop({ priority, records }: Unit): boolean {
    return priority === "optional" && records.length > roomFor("optional", this.quota);
  }

  #isKnown(id: string): boolean {
    return this.#storing.has(id) || this.#book.has(id);
  }

  #assertOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new RateLimitError("CLOSED", "manager: want it open, got a call after close()");
  }

  /** Takes up a unit that the store held. */
  async #resume(unit: Unit): Promise<void> {
    this.#book.admit(unit);
    const mayGoOn = !this.#isCutOff(unit) && attemptsOf(unit) < this.#options.retry.maxAttempts;
    if (mayGoOn) this.#wait(unit);
    else await this.#giveUp(unit);
  }

  /** Some of it has passed in an epoch that is over, and a batch is of one epoch. */
  #isCutOff(unit: Unit): boolean {
    return isHalf(unit) && !this.#hasSlots(unit);
  }

  /** Ends what was under way when the process ended. */
  async #giveUp({ records }: Unit): Promise<void> {
    const problem = { message: "the process ended while it was under way", isTemporary: false };
    const unknown: Outcome = { kind: "failed", reason: "unknown", problem, willRetry: false };
    await this.#end(records.map((record, index): Ending => [record, index === 0 ? unknown : notPassed(problem)]));
  }

  #hasSlots({ records }: Unit): boolean {
    return records.every((record) => this.#keeper.hasSlot(record));
  }

  #wait(unit: Unit): void {
    this.#schedule.add(unit, this.#hasSlots(unit));
    this.#book.place(unit, "waiting");
    this.#book.tell(unit, this.quota);
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
    const { clock, retry, random } = this.#options;
    try {
      while (this.#isDue && !this.#closing.signal.aborted) {
        this.#isDue = false;
        await this.#keeper.read();
        await this.#journal.commit();
        for (const unit of this.#schedule.resumable(clock.nowMs())) this.#wait(unit);
        await this.#drop(this.#schedule.droppable(this.quota));
        for (const unit of await this.#take()) this.#start(unit);
      }
      this.#failures = 0;
      this.#wakeAt(this.#schedule.nextWakeUpMs(this.#keeper.endsAtMs));
    } catch (error) {
      this.#isDue = false;
      this.#failures += 1;
      this.#errorListeners.tell(error);
      this.#wakeAt(clock.nowMs() + pauseAfter(this.#failures, retry, random()));
    }
  }

  #wakeAt(atMs: number): void {
    this.#cancelTimer();
    if (atMs === Number.POSITIVE_INFINITY || this.#closing.signal.aborted) return;
    const delayMs = Math.max(1, atMs - this.#options.clock.nowMs());
    this.#cancelTimer = this.#options.clock.after(Math.min(LONGEST_TIMER_MS, delayMs), () => this.#wake());
  }

  /** Takes out the units that go now, with slots, durably. */
  async #take(): Promise<Unit[]> {
    const taken: { readonly unit: Unit; readonly before: Unit["records"] }[] = [];
    const cutOff: Unit[] = [];
    // Not before: a submission may have learned meanwhile that the epoch has turned.
    this.#schedule.sortAgain((unit) => this.#hasSlots(unit));
    while (!this.#isHeld && this.#underWay.size + taken.length < this.#options.concurrency) {
      const unit = this.#schedule.next(this.quota);
      if (unit === undefined) break;
      if (this.#isCutOff(unit)) {
        cutOff.push(unit);
        continue;
      }
      taken.push({ unit, before: unit.records });
      unit.records = this.#keeper.withSlots(unit);
    }
    const givenUp = Promise.all(cutOff.map((unit) => this.#giveUp(unit)));
    if (taken.length === 0) {
      await givenUp;
      return [];
    }
    const puts = taken.flatMap(({ unit }) => unit.records.map((record): QueueChange => ({ kind: "put", record })));
    try {
      await this.#journal.commit([{ kind: "ledger", ledger: this.#keeper.ledger }, ...puts]);
    } catch (error) {
      // Nothing was transmitted, so these attempts never were. The indexes stay taken in memory, which is safe.
      for (const { unit, before } of taken) {
        unit.records = before;
        this.#wait(unit);
      }
      throw error;
    }
    return taken.map(({ unit }) => unit);
  }

  #start(unit: Unit): void {
    this.#book.place(unit, "under-way");
    this.#book.tell(unit, this.quota);
    const passing = this.#pass(unit).catch((error: unknown) => this.#errorListeners.tell(error));
    const done = passing.finally(() => {
      this.#underWay.delete(done);
      this.#wake();
    });
    this.#underWay.add(done);
  }

  /** Hands over the messages of a unit one after the other; the first that is not taken ends it. */
  async #pass(unit: Unit): Promise<void> {
    const { records } = unit;
    const wasHalf = isHalf(unit);
    for (const [index, record] of records.entries()) {
      const outcome = await deliver(this.#options, record, this.#closing.signal);
      if (outcome === undefined) return; // closing: it goes on when the store is opened again
      if (outcome.kind === "failed") {
        const { problem } = outcome;
        const isUntouched = index === 0 && !wasHalf;
        const mayRetry = problem.isTemporary && record.attempts < this.#options.retry.maxAttempts;
        if (isUntouched && mayRetry) return this.#pause(unit, problem);
        const rest = records.slice(index + 1).map((other): Ending => [other, notPassed(problem)]);
        return this.#end([[record, outcome], ...rest]);
      }
      await this.#end([[record, outcome]]);
    }
  }

  async #pause(unit: Unit, problem: DeliveryProblem): Promise<void> {
    const { clock, retry, random } = this.#options;
    const notBeforeMs = clock.nowMs() + pauseAfter(attemptsOf(unit), retry, random());
    unit.records = unit.records.map((record) => ({ ...record, notBeforeMs }));
    this.#schedule.pause(unit);
    this.#book.place(unit, "waiting", problem);
    this.#book.tell(unit, this.quota);
    await this.#journal.commit(unit.records.map((record): QueueChange => ({ kind: "put", record })));
  }

  async #drop(units: readonly Unit[]): Promise<void> {
    const reason = this.quota.remaining === 0 ? "quota-exhausted" : "quota-low";
    const dropped: Outcome = { kind: "dropped", reason };
    await this.#end(units.flatMap(({ records }) => records.map((record): Ending => [record, dropped])));
  }

  /** Outcomes are facts: they are told, and written with the next commit if the store does not take them now. */
  async #end(endings: readonly Ending[]): Promise<void> {
    this.#journal.owe(this.#book.end(endings));
    try {
      await this.#journal.commit();
    } catch (error) {
      this.#errorListeners.tell(error);
      const { clock, retry, random } = this.#options;
      if (this.#pumping === undefined) this.#wakeAt(clock.nowMs() + pauseAfter(1, retry, random()));
    }
    for (const [{ id }, outcome] of endings) this.#book.board.tell(id, outcome);
  }
}
