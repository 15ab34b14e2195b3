/**
 * A manager and everything around it, which fails, stops and dies on command.
 * @module
 */
import assert from "node:assert/strict";
import {
  type Clock,
  DeliveryError,
  MemoryQueue,
  type NewMessage,
  openMemoryQueue,
  type Priority,
  type QueueChange,
  type QueueContents,
  type QueuedRecord,
  type Quota,
  type QuotaReading,
  RateLimitError,
  RateLimitManager,
  type Transmission,
} from "../../src/index.ts";
import type { Account, Answer, Message } from "./account.ts";
import { ModelClock, settled } from "./model-clock.ts";

export const EPOCH_MS = 60_000;

type Held = { readonly id: string; readonly answer: (answer: Answer) => void };

export class World {
  readonly account: Account;
  readonly clock = new ModelClock(1_000_000 * EPOCH_MS);
  readonly queue = new MemoryQueue();
  manager: RateLimitManager | undefined;
  answers: Answer[] = [];
  /** So many of the next transmissions get no answer for now. */
  holding = 0;
  held: Held[] = [];
  failingCommits = 0;
  failingReads = 0;
  /** So many of the next commits take a while. Of these, some are durable at once, and only their answer is late. */
  slowCommits: { ms: number; isAnswerOnly: boolean }[] = [];
  #slow = 0;
  source: { limit?: number; used?: { epoch: number; count: number } } = {};
  /** Something failed, so the manager may be in a pause. */
  isTroubled = false;
  #isLate = false;
  hasAdopted = false;
  #checkQuota = () => {};
  #process = { isDead: false };
  #nextId = 0;
  /** What a port saw that must not be; thrown after the step, because managers catch what ports throw. */
  #found: unknown;

  constructor(account: Account) {
    this.account = account;
  }

  async open({ isKill = false } = {}): Promise<void> {
    this.account.onReopen(this.queue, isKill, this.clock.nowMs());
    this.account.onOpened(this.queue);
    this.#slow = 0;
    this.slowCommits = [];
    const process = { isDead: false };
    this.#process = process;
    const { clock, account, queue } = this;
    const store = await openMemoryQueue(queue);
    const { rules } = account;
    const ownClock: Clock = {
      nowMs: () => clock.nowMs(),
      after: (delayMs, callback) => clock.after(delayMs, () => (process.isDead ? undefined : callback())),
    };
    this.manager = await RateLimitManager.open({
      store: {
        load: async () => this.#inOrder(await store.load()),
        bytesOf: (id) => (process.isDead ? never() : store.bytesOf(id)),
        commit: (changes) => (process.isDead ? never() : this.#commit(changes, process, (all) => store.commit(all))),
        close: () => store.close(),
      },
      delivery: { deliver: (transmission) => (process.isDead ? never() : this.#deliver(transmission)) },
      source: { read: (nowMs) => (process.isDead ? never() : this.#read(nowMs)) },
      clock: ownClock,
      random: () => 0,
      epochSeconds: EPOCH_MS / 1_000,
      ...rules,
    });
    const { manager } = this;
    let told = manager.quota;
    manager.onQuota((quota) => {
      told = quota;
    });
    this.#checkQuota = () => {
      const { epoch, used, total, level } = manager.quota;
      assert.deepEqual({ epoch, used, total, level }, pickQuota(told), "the quota that was told last");
    };
    manager.onStatus((id, status) => {
      if (process.isDead) return;
      this.#watch(() => {
        assert.deepEqual(manager.status(id), status, `${id}: told and asked for`);
        account.onStatus(id, status);
      });
    });
    manager.onError(() => {
      if (!process.isDead) this.isTroubled = true;
    });
  }

  async restart(): Promise<void> {
    this.failingCommits = 0;
    const closing = this.manager?.close();
    while (this.#slow + this.slowCommits.length > 0 && !(await isOver(closing))) await this.clock.advance(1_000);
    await closing;
    this.held = [];
    this.#rethrow();
    await this.open();
  }

  /** The manager ends where it is, with nobody to clean up. */
  async kill(): Promise<void> {
    this.#process.isDead = true;
    this.queue.isOpen = false;
    this.failingCommits = 0;
    this.held = [];
    await this.open({ isKill: true });
  }

  /** Asks for it and does not wait. A refusal that the account does not expect is found. */
  submit(priority: Priority, sizes: readonly number[], isBatch: boolean): void {
    const { account, manager } = this;
    assert.ok(manager);
    const process = this.#process;
    const messages = sizes.map((size) => this.#newMessage(size));
    const refusal = account.refusal(priority, sizes);
    const unit = refusal === undefined ? account.submit(messages, priority) : [];
    const [only] = messages;
    assert.ok(only);
    const submitting: Promise<unknown> = isBatch
      ? manager.submitBatch(messages, { priority })
      : manager.submit(only, { priority });
    const onTaken = () => {
      if (process.isDead) return;
      this.#watch(() => {
        assert.equal(refusal, undefined, "it was to be refused");
        for (const message of unit) message.isAcknowledged = true;
      });
    };
    const onRefused = (error: unknown) => {
      if (process.isDead) return;
      this.#watch(() => this.#checkRefusal(error, refusal, unit));
    };
    submitting.then(onTaken, onRefused);
  }

  /** The same once more: nothing new. */
  resubmit({ id, bytes, priority }: Message): void {
    // While the first is on its way in, it shares its end, and the account knows of that.
    this.manager?.submit({ id, bytes }, { priority }).catch(() => {});
  }

  release(at: number, answer: Answer): void {
    const [held] = this.held.splice(at % Math.max(1, this.held.length), 1);
    held?.answer(answer);
  }

  /** Everything comes to rest, and is as it was promised. */
  async check(): Promise<void> {
    await settled();
    this.#rethrow();
    this.#checkQuota();
    this.#isLate = this.isSlow;
    const isUnknown = this.manager?.quota.level === "unknown";
    this.account.check((id) => this.manager?.status(id), this.isTroubled || this.#slow > 0 || isUnknown);
  }

  /** Whether a commit is on its way, so that what was decided may not be known here yet. */
  get isSlow(): boolean {
    return this.#slow > 0;
  }

  hold(): void {
    this.manager?.hold();
    this.account.isHeld = true;
  }

  letGo(): void {
    this.account.isHeld = false;
    this.manager?.release();
  }

  /** Messages that the store has already. Whether there is room for them is not asked. */
  adopt(priority: Priority, sizes: readonly number[]): void {
    const { manager, queue } = this;
    this.hasAdopted = true;
    const process = this.#process;
    const unit = sizes
      .map((size) => this.#newMessage(size))
      .flatMap((message) => this.account.submit([message], priority));
    for (const { id, bytes, order } of unit) {
      const record = { id, sequence: order, priority, length: bytes.length, attempts: 0, submittedAtMs: 0 };
      queue.queued.set(id, { record, bytes });
    }
    for (const message of unit) {
      message.isAdopted = true;
    }
    manager?.adopt(unit.map(({ id, bytes: { length } }) => ({ id, length, priority }))).then(
      () => {
        if (!process.isDead) for (const message of unit) message.isAcknowledged = true;
      },
      (error: unknown) => {
        this.#found ??= error;
      },
    );
  }

  cancel(message: Message, isWaiting: boolean): void {
    const process = this.#process;
    const wasSlow = this.isSlow;
    this.manager?.cancel(message.id).then(
      (isDone) => {
        const isRight = isDone === isWaiting || (wasSlow && !isDone);
        if (!process.isDead) this.#watch(() => assert.ok(isRight, `${message.id}: cancel() says ${isDone}`));
      },
      (error: Error) => {
        if (!process.isDead) this.#watch(() => assert.equal(error.message, "the disk is full"));
      },
    );
  }

  /** From here on, everything goes well: each message ends. */
  async finish(): Promise<void> {
    this.answers = [];
    this.holding = 0;
    this.failingCommits = 0;
    this.failingReads = 0;
    this.slowCommits = [];
    this.source = {};
    this.letGo();
    for (const { answer } of this.held.splice(0)) answer("take");
    // Beyond each epoch that is forgotten.
    this.clock.jump(100_000 * EPOCH_MS);
    for (let epochs = 0; this.account.unfinished.length > 0 && epochs < 500; epochs += 1) {
      await this.clock.advance(EPOCH_MS);
      this.isTroubled = false;
      await this.check();
    }
    this.account.checkAllEnded();
    await this.#checkEmpty();
  }

  /** As much as fits into an empty queue fits now. */
  async #checkEmpty(): Promise<void> {
    const { maxQueuedMessages, maxQueuedBytes } = this.account.rules;
    await this.clock.advance(EPOCH_MS);
    const size = Math.floor(maxQueuedBytes / maxQueuedMessages);
    for (let index = 0; index <= maxQueuedMessages; index += 1) this.submit("critical", [size], false);
    await this.check();
    await this.manager?.close();
  }

  #newMessage(size: number): Required<NewMessage> {
    const id = `m${this.#nextId++}`;
    return { id, bytes: new Uint8Array(size).fill(this.#nextId) };
  }

  #checkRefusal(error: unknown, refusal: string | undefined, unit: readonly Message[]): void {
    if (error instanceof RateLimitError) assert.equal(error.code, refusal, error.message);
    else assert.equal((error as Error).message, "the disk is full");
    for (const message of unit) message.state = "refused";
  }

  async #commit(
    changes: readonly QueueChange[],
    process: { readonly isDead: boolean },
    apply: (changes: readonly QueueChange[]) => Promise<void>,
  ): Promise<void> {
    const slow = this.slowCommits.shift();
    const seen = this.#watch(() => this.account.onCommit(changes, this.#isLate, slow !== undefined));
    if (slow !== undefined) {
      const isApplied = slow.isAnswerOnly && this.failingCommits === 0;
      if (isApplied) await apply(changes);
      this.#slow += 1;
      this.account.count("slow commits");
      await new Promise<void>((resolve) => this.clock.after(slow.ms, resolve));
      if (process.isDead) return never();
      this.#slow -= 1;
      this.#isLate = true; // what waited for this one
      if (isApplied) return;
    }
    if (this.failingCommits > 0) {
      this.failingCommits -= 1;
      this.isTroubled = true;
      seen?.rejected();
      throw new Error("the disk is full");
    }
    await apply(changes);
  }

  /** As a store does that keeps messages before the manager knows of them: its own order is what counts. */
  #inOrder({ queued, ...rest }: QueueContents): QueueContents {
    if (!this.hasAdopted) return { queued, ...rest };
    const orderOf = ({ id }: QueuedRecord) => this.account.messages.get(id)?.order ?? 0;
    const sorted = [...queued].sort((a, b) => orderOf(a) - orderOf(b));
    return { ...rest, queued: sorted.map((record, index) => ({ ...record, sequence: index + 1 })) };
  }

  #read(nowMs: number): QuotaReading {
    if (this.failingReads > 0) {
      this.failingReads -= 1;
      this.isTroubled = true;
      throw new Error("the chain does not answer");
    }
    const { limit, used } = this.source;
    const epoch = Math.floor(nowMs / EPOCH_MS);
    const count = used?.epoch === epoch ? used.count : 0;
    const reading = { epoch, endsAtMs: (epoch + 1) * EPOCH_MS, used: count, ...(limit !== undefined && { limit }) };
    this.account.reading = reading;
    return reading;
  }

  async #deliver(transmission: Transmission): Promise<string> {
    const process = this.#process;
    const { id, signal } = transmission;
    this.#watch(() => this.account.onTransmission(transmission));
    const answer = await this.#answerTo(id, signal);
    if (process.isDead) return never();
    const receipt = `${id}, attempt ${transmission.attempt}`;
    this.#watch(() => this.account.onAnswer(id, answer, receipt));
    if (answer === "take") return receipt;
    throw new DeliveryError(answer, { isTemporary: answer === "refuse-for-now" });
  }

  async #answerTo(id: string, signal: AbortSignal): Promise<Answer> {
    if (this.holding === 0) return this.answers.shift() ?? "take";
    this.holding -= 1;
    return new Promise((answer, reject) => {
      this.held.push({ id, answer });
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }

  #watch<Result>(see: () => Result): Result | undefined {
    try {
      return see();
    } catch (error) {
      this.#found ??= error;
      return undefined;
    }
  }

  #rethrow(): void {
    if (this.#found !== undefined) throw this.#found;
  }
}

/** What a process that was killed waits for. A new one each time: one for all would keep everybody that waits. */
function never(): Promise<never> {
  return new Promise(() => {});
}

function pickQuota({ epoch, used, total, level }: Quota) {
  return { epoch, used, total, level };
}

async function isOver(promise: Promise<unknown> | undefined): Promise<boolean> {
  const no = Symbol("not over");
  return (await Promise.race([promise, settled().then(() => no)])) !== no;
}
