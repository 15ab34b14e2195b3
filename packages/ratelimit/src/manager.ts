/**
 * Lets messages pass to the delivery service as the quota of each epoch allows. Every decision is durable before it
 * has an effect: a message is stored before it counts as submitted, and its slot before it is transmitted.
 * Source: 17/WAKU2-RLN-RELAY; requirements RATE-F1 to F7.
 * @module
 */
import { type Decision, Dispatcher, dropped } from "./dispatcher.ts";
import { RateLimitError } from "./errors.ts";
import { assertRoom, type NewMessage, newUnit, type StoredMessage, storedUnit } from "./intake.ts";
import { Journal } from "./journal.ts";
import { Listeners } from "./listeners.ts";
import type { MessageStatus, Priority } from "./message.ts";
import { type Ending, MessageBook } from "./message-book.ts";
import { type RateLimitOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import type { QueueChange, QueueContents, QueueStore } from "./queue-store.ts";
import { type Quota, roomFor } from "./quota.ts";
import { QuotaKeeper } from "./quota-keeper.ts";
import { Schedule } from "./schedule.ts";
import { type StatusSource, Submission } from "./submission.ts";
import { isHalf, type Unit, unitsOf } from "./unit.ts";

export type SubmitOptions = {
  /** @default "normal" */
  readonly priority?: Priority;
};

/** One store that two managers were given would give each place of an epoch away twice. */
const inUse = new WeakSet<QueueStore>();

export class RateLimitManager implements StatusSource, AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #keeper: QuotaKeeper;
  readonly #journal: Journal;
  readonly #schedule = new Schedule();
  readonly #book: MessageBook;
  readonly #dispatcher: Dispatcher;
  readonly #errors = new Listeners<[error: unknown]>();
  readonly #closing = new AbortController();
  #nextSequence: number;

  private constructor(options: ResolvedOptions, { ledger, restoredAtMs, ended, queued }: QueueContents) {
    this.#options = options;
    this.#keeper = new QuotaKeeper(options, ledger, restoredAtMs);
    this.#journal = new Journal(options.store);
    this.#book = new MessageBook(options, ended, this.#schedule);
    const parts = { options, keeper: this.#keeper, journal: this.#journal, schedule: this.#schedule, book: this.#book };
    this.#dispatcher = new Dispatcher({ ...parts, errors: this.#errors, closing: this.#closing.signal });
    this.#nextSequence = (queued.at(-1)?.sequence ?? 0) + 1;
  }

  /**
   * Takes over the store and goes on with what it holds. A quota source that does not answer is asked again: until it
   * does, messages are taken and wait.
   *
   * @throws {@link RateLimitError} `INVALID_OPTION`, `STORE_LOCKED` if another manager has the store, and what the store
   *   throws, as a rejection
   */
  static async open(options: RateLimitOptions): Promise<RateLimitManager> {
    const resolved = await resolveOptions(options);
    const { store } = resolved;
    if (inUse.has(store)) {
      throw new RateLimitError("STORE_LOCKED", "store: want one that no other manager has, got one in use");
    }
    inUse.add(store);
    try {
      const contents = await store.load();
      const manager = new RateLimitManager(resolved, contents);
      await manager.#begin(contents);
      return manager;
    } catch (error) {
      inUse.delete(store);
      await store.close();
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
    return this.#errors.add(listener);
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
    const known = this.#book.unit(id);
    if (known !== undefined) await known.settling;
    else if (!this.#book.has(id)) await this.#submit([{ bytes, id }], priority);
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
    const named = messages.map(({ bytes, id = this.#options.newId() }) => ({ bytes, id }));
    const [first, ...others] = named;
    if (first === undefined) throw new RateLimitError("INVALID_OPTION", "batch: want a message or more, got none");
    const isRepeated = new Set(named.map(({ id }) => id)).size < named.length;
    const old = named.find(({ id }) => this.#book.has(id)) ?? (isRepeated ? first : undefined);
    if (old !== undefined) throw new RateLimitError("DUPLICATE_ID", `batch: want new ids, each once, got ${old.id}`);
    await this.#submit([first, ...others], priority, this.#options.newId());
    return named.map(({ id }) => new Submission(id, this));
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
    // What is on its way out may be there again right after, with another priority.
    const ending = messages.flatMap(({ id }) => this.#book.unit(id)?.settling ?? []);
    if (ending.length > 0) await Promise.allSettled(ending);
    const fresh = new Map(messages.filter(({ id }) => !this.#book.has(id)).map((message) => [message.id, message]));
    const nowMs = this.#options.clock.nowMs();
    const units = [...fresh.values()].map((message, at) => storedUnit(message, this.#nextSequence + at, nowMs));
    this.#nextSequence += units.length;
    for (const unit of units) this.#book.admit(unit);
    await this.#learnEpoch();
    const gone: Decision[] = [];
    for (const unit of units) {
      if (this.#isToDrop(unit)) gone.push({ unit, endings: dropped(unit, this.quota) });
      else this.#dispatcher.wait(unit);
    }
    try {
      if (gone.length > 0) await this.#dispatcher.end(gone);
    } catch (error) {
      this.#errors.tell(error); // they wait, and are dropped when the store takes it
    }
    this.#dispatcher.wake();
    return messages.map(({ id }) => new Submission(id, this));
  }

  /** With `settleWithinMs`: something else is being written, so that the outcomes that wait for it go now. */
  settle(): void {
    this.#dispatcher.settle();
  }

  /** From here on nothing is taken from the queue and no index is used; what is under way goes on. Not persistent. */
  hold(): void {
    this.#dispatcher.hold();
  }

  /** Ends {@link hold}. What is paused after an error is tried again at once. */
  release(): void {
    this.#dispatcher.release();
  }

  status(id: string): MessageStatus | undefined {
    return this.#book.status(id, this.quota);
  }

  /**
   * Once the promise resolves with true, the message stays cancelled.
   *
   * @returns false if the message, or one of its batch, is under way or has ended, or if it is not known; of a batch, all
   *   of it is cancelled
   * @throws what the store throws, as a rejection: then it waits on
   */
  async cancel(id: string): Promise<boolean> {
    const unit = this.#book.unit(id);
    if (unit?.state !== "waiting" || isHalf(unit) || !this.#schedule.delete(unit)) return false;
    const endings = unit.records.map((record): Ending => [record, { kind: "cancelled" }]);
    await this.#dispatcher.end([{ unit, endings }]);
    this.#dispatcher.wake(); // a batch that did not fit may have kept others waiting
    return true;
  }

  /** Stops what is under way; that and what waits goes on when the store is opened again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#dispatcher.stop();
    await this.#options.store.close();
    inUse.delete(this.#options.store);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin({ queued }: QueueContents): Promise<void> {
    let hasAnswer = true;
    try {
      await this.#keeper.read();
    } catch {
      hasAnswer = false; // asked again when somebody can listen to what it says then
    }
    for (const unit of unitsOf(queued)) {
      this.#book.admit(unit);
      this.#dispatcher.resume(unit);
    }
    if (hasAnswer) this.#dispatcher.wake();
    else this.#dispatcher.wakeSoon();
  }

  #submit(
    messages: readonly [Required<NewMessage>, ...Required<NewMessage>[]],
    priority: Priority,
    batchId?: string,
  ): Promise<void> {
    const unit = newUnit(messages, priority, this.#nextSequence, this.#options.clock.nowMs(), batchId);
    assertRoom(unit, this.quota, this.#book, this.#options);
    this.#nextSequence += messages.length;
    this.#book.admit(unit);
    const stored = this.#store(unit, messages);
    unit.settling = stored;
    return stored;
  }

  async #store(unit: Unit, messages: readonly Required<NewMessage>[]): Promise<void> {
    try {
      if (this.#keeper.isOver) {
        await this.#learnEpoch();
        this.#assertOpen();
      }
      if (this.#isToDrop(unit)) {
        const endings = dropped(unit, this.quota);
        await this.#journal.write(this.#book.changesFor(endings));
        this.#book.end(endings);
      } else {
        await this.#journal.write(putsOf(unit, messages));
        this.#dispatcher.wait(unit);
      }
    } catch (error) {
      this.#book.dismiss(unit);
      throw error;
    }
    this.#dispatcher.wake(); // also for what waited, if the epoch has turned
  }

  /** A source that fails keeps messages from passing, not from being taken. */
  async #learnEpoch(): Promise<void> {
    if (!this.#keeper.isOver) return;
    try {
      await this.#keeper.read();
    } catch (error) {
      this.#errors.tell(error);
    }
  }

  /** Not while the quota is that of an epoch that is over. */
  #isToDrop({ priority, records }: Unit): boolean {
    return priority === "optional" && !this.#keeper.isOver && records.length > roomFor("optional", this.quota);
  }

  #assertOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new RateLimitError("CLOSED", "manager: want it open, got a call after close()");
  }
}

function putsOf({ records }: Unit, messages: readonly Required<NewMessage>[]): QueueChange[] {
  return records.map((record, index) => {
    const bytes = messages[index]?.bytes;
    return { kind: "put", record, ...(bytes !== undefined && { bytes }) };
  });
}
