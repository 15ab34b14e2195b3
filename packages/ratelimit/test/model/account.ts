/**
 * The reference model: what became of every message, as it follows from what passes the ports of a manager. Throws
 * where that is not what was promised. Outlives managers that are closed or killed.
 * @module
 */
import assert from "node:assert/strict";
import type {
  EndedRecord,
  MemoryQueue,
  MessageStatus,
  Outcome,
  Priority,
  QueueChange,
  QueuedRecord,
  QuotaReading,
  Slot,
  Transmission,
} from "../../src/index.ts";

export type Rules = {
  readonly messagesPerEpoch: number;
  readonly lowShare: number;
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly maxEnded: number;
};

export type Answer = "take" | "refuse-for-now" | "refuse";

export type Message = {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly priority: Priority;
  /** Order of submission. */
  order: number;
  /** All messages of its batch, or itself alone. */
  readonly unit: Message[];
  isAcknowledged: boolean;
  /** How many commits had begun when it was told that it waits. */
  waitsSince: number;
  isTransmitted: boolean;
  /** It waits for its next attempt, of before a restart. */
  isResting: boolean;
  /** The store had it before the manager. */
  isAdopted: boolean;
  /** `storing`: on its way in; `taking`: its slots are. */
  state: "storing" | "waiting" | "paused" | "taking" | "under-way" | "ended" | "refused";
  slot?: Slot;
  attempts: number;
  outcome?: Outcome;
  told?: MessageStatus;
  taken: string[];
  lastAnswer?: Answer;
  /** A manager was killed with it under way, so nobody knows. */
  isUnsure: boolean;
};

/** By default. */
const LONGEST_PAUSE_MS = 300_000;

const ORDER = { critical: 0, normal: 1, optional: 2 } as const;

export class Account {
  readonly messages = new Map<string, Message>();
  /** By `epoch.index`: who was transmitted there. */
  readonly #transmitted = new Map<string, string>();
  readonly rules: Rules;
  /** Their outcomes are on the way into the store, and told after that. */
  readonly #ending = new Set<string>();
  #commits = 0;
  /** How much was left since everything was at rest: what is told was decided at one of these. */
  #levels: { readonly remaining: number; readonly lowMark: number }[] = [];
  /** Why they ended is not known any more. */
  readonly #unclear = new Set<string>();
  /** Whose outcomes are remembered, oldest first. */
  #remembered: string[] = [];
  isHeld = false;
  #nextOrder = 0;
  #ownUsed = new Map<number, number>();
  #floor = 0;
  #reading: QuotaReading = { epoch: 0, endsAtMs: 0 };
  /** The source has answered this manager. */
  #isKnown = false;
  #lowestTotal = Number.POSITIVE_INFINITY;
  readonly counts: Record<string, number> = {};

  constructor(rules: Rules) {
    this.rules = rules;
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  get reading(): QuotaReading {
    return this.#reading;
  }

  set reading(reading: QuotaReading) {
    this.#reading = reading;
    this.#isKnown = true;
    this.#noteLevel();
    if (this.total > 0) this.#lowestTotal = Math.min(this.#lowestTotal, this.total);
  }

  get total(): number {
    return Math.min(this.reading.limit ?? this.rules.messagesPerEpoch, this.rules.messagesPerEpoch);
  }

  /** The lowest above 0 that was ever told. */
  get lowestTotal(): number {
    return this.#lowestTotal;
  }

  get lowMark(): number {
    return Math.floor(this.total * this.rules.lowShare);
  }

  get remaining(): number {
    const { epoch, used = 0 } = this.reading;
    if (epoch < this.#floor && !this.#ownUsed.has(epoch)) return 0;
    return Math.max(0, this.total - Math.max(used, this.#ownUsed.get(epoch) ?? 0));
  }

  get unfinished(): Message[] {
    return [...this.messages.values()].filter(({ state }) => state !== "ended" && state !== "refused");
  }

  /** Of messages below critical, the low mark is not for them. */
  room(priority: Priority): number {
    return priority === "critical" ? this.remaining : Math.max(0, this.remaining - this.lowMark);
  }

  /** @returns the error code that the submission must meet, if any */
  refusal(priority: Priority, sizes: readonly number[]): string | undefined {
    const share = priority === "critical" ? this.total : this.total - this.lowMark;
    if (sizes.length > 1 && this.#isKnown && this.total > 0 && sizes.length > share) return "BATCH_TOO_LARGE";
    const { unfinished, rules } = this;
    if (unfinished.length + sizes.length > rules.maxQueuedMessages) return "QUEUE_FULL";
    const bytes = unfinished.reduce((sum, message) => sum + message.bytes.length, 0);
    return bytes + sizes.reduce((sum, size) => sum + size, 0) > rules.maxQueuedBytes ? "QUEUE_FULL" : undefined;
  }

  submit(messages: readonly { readonly id: string; readonly bytes: Uint8Array }[], priority: Priority): Message[] {
    const unit: Message[] = [];
    for (const { id, bytes } of messages) {
      const order = this.#nextOrder++;
      const state = {
        isAcknowledged: false,
        isAdopted: false,
        isResting: false,
        isTransmitted: false,
        waitsSince: 0,
        state: "storing",
        attempts: 0,
        isUnsure: false,
      } as const;
      const message: Message = { id, bytes, priority, order, unit, ...state, taken: [] };
      unit.push(message);
      this.messages.set(id, message);
    }
    return unit;
  }

  /**
   * A commit that the manager asks for. `isLate`: what it is based on may have changed since. `isSlow`: that may change
   * before it is told.
   */
  onCommit(changes: readonly QueueChange[], isLate: boolean, isSlow: boolean): { rejected: () => void } {
    this.#commits += 1;
    const ending = changes.flatMap((change) => (change.kind === "end" ? [change.record.id] : []));
    for (const id of ending) this.#ending.add(id);
    if (isLate || isSlow) for (const id of ending) this.#unclear.add(id);
    const ledger = changes.find((change) => change.kind === "ledger");
    if (ledger !== undefined) {
      this.#ownUsed = new Map(ledger.ledger.epochs.map(({ epoch, used }) => [epoch, used]));
      this.#floor = ledger.ledger.floor;
      this.#noteLevel();
    }
    const taken = changes.flatMap((change) => (change.kind === "put" && this.#isTake(change) ? [change.record] : []));
    assert.ok(taken.length === 0 || ledger !== undefined, "slots are taken without the ledger");
    assert.ok(taken.length === 0 || !this.isHeld || isLate, "slots are taken while the manager is held");
    const before = taken.map(({ id }) => ({ ...this.#known(id) }));
    for (const unit of groupedByUnit(taken, (id) => this.#known(id))) this.#checkTake(unit, isLate);
    return {
      rejected: () => {
        for (const id of ending) this.#ending.delete(id);
        for (const { id, slot, attempts } of before) {
          const message = this.#known(id);
          message.attempts = attempts;
          message.state = "waiting";
          if (slot === undefined) delete message.slot;
          else message.slot = slot;
        }
      },
    };
  }

  onTransmission({ id, bytes, slot, attempt }: Transmission): void {
    const message = this.#known(id);
    const place = `${slot.epoch}.${slot.index}`;
    assert.deepEqual(bytes, message.bytes, `${id}: other bytes`);
    assert.equal(message.state, "under-way", `${id} is given while ${message.state}`);
    assert.deepEqual(slot, message.slot, `${id} is given in a slot that is not durable`);
    assert.equal(attempt, message.attempts, `${id}: attempt`);
    assert.equal(this.#transmitted.get(place) ?? id, id, `slot ${place} is used twice`);
    this.#transmitted.set(place, id);
    message.isTransmitted = true;
    for (const other of message.unit) {
      if (other.order < message.order) assert.equal(other.outcome?.kind, "passed", `${id} before ${other.id}`);
    }
    this.count("transmissions");
  }

  onAnswer(id: string, answer: Answer, receipt: string): void {
    const message = this.#known(id);
    message.lastAnswer = answer;
    if (answer === "take") message.taken.push(receipt);
    this.count(answer);
  }

  onStatus(id: string, status: MessageStatus): void {
    const message = this.#known(id);
    if (message.told !== undefined) assert.ok(!isOutcome(message.told), `${id} is told ${status.kind} after its end`);
    message.told = status;
    if (status.kind === "queued") {
      assert.notEqual(message.state, "ended", `${id} waits after it ended`);
      message.state = "waiting";
      message.isResting = false;
      message.waitsSince = this.#commits;
    } else if (status.kind === "passing") {
      assert.equal(message.state, "taking", `${id} passes while ${message.state}`);
      message.state = "under-way";
      assert.deepEqual(status.slot, message.slot);
    } else if (status.kind === "failed" && status.willRetry) {
      const [first] = message.unit;
      assert.equal(first?.lastAnswer, "refuse-for-now", `${id} is to be tried again`);
      assert.ok(message.attempts < this.rules.maxAttempts, `${id} is tried too often`);
      message.state = "paused";
    } else this.#onOutcome(message, status as Outcome, { isQuotaKnown: !this.#unclear.has(id) });
  }

  /** What is durable is all there is. */
  onReopen({ queued, ended, ledger }: MemoryQueue, isKill: boolean, nowMs: number): void {
    this.#ownUsed = new Map(ledger?.epochs.map(({ epoch, used }) => [epoch, used]));
    this.#floor = ledger?.floor ?? 0;
    this.#ending.clear();
    this.isHeld = false;
    this.#isKnown = false;
    const remembered = new Set(this.#remembered);
    for (const message of this.messages.values()) {
      const { id } = message;
      delete message.told;
      if (message.state === "refused") {
        assert.ok(!queued.has(id) && !ended.has(id), `${id} was refused, and is in the store`);
        continue;
      }
      const record = queued.get(id)?.record;
      if (record !== undefined) {
        assert.equal(message.outcome, undefined, `${id} ended, and is queued after that`);
        if (message.state === "under-way") message.isUnsure ||= isKill;
        this.#restore(message, record, nowMs);
        continue;
      }
      const end = ended.get(id);
      if (end !== undefined) this.#onDurableEnd(message, end);
      else if (message.outcome !== undefined) {
        assert.ok(!remembered.has(id), `${id} ended, and is unknown after that`);
        this.count("forgotten");
      } else if (message.isAcknowledged || !isKill) assert.fail(`${id} is lost`);
      else message.state = "refused";
    }
  }

  /** Whose outcomes a manager that opens the store remembers. */
  onOpened({ ended }: MemoryQueue): void {
    this.#remembered = this.rules.maxEnded === 0 ? [] : [...ended.keys()].slice(-this.rules.maxEnded);
  }

  /** After everything has come to rest. `mayWait`: the store or the source failed, so it is tried again later. */
  check(statusOf: (id: string) => MessageStatus | undefined, mayWait: boolean): void {
    this.#levels = [];
    this.#noteLevel();
    for (const message of this.messages.values()) this.#checkStatus(message, statusOf(message.id));
    if (mayWait) return;
    for (const message of this.unfinished) this.#checkPosition(message, statusOf(message.id));
    if (!this.isHeld) this.#checkNoneIsLeft();
  }

  checkAllEnded(): void {
    for (const message of this.messages.values()) {
      const { id, state, unit } = message;
      assert.ok(state === "ended" || state === "refused", `${id} is still ${state}`);
      const passed = unit.flatMap(({ outcome }) => (outcome?.kind === "passed" ? [outcome.slot.epoch] : []));
      assert.ok(new Set(passed).size <= 1, `the batch of ${id} passed in several epochs`);
      const isExact = passed.length === 0 || passed.length === unit.length || unit.some((each) => isFailure(each));
      assert.ok(isExact, `the batch of ${id} passed in part`);
    }
  }

  /** Others are of new messages, or of pauses. */
  #isTake({ record, bytes }: Extract<QueueChange, { kind: "put" }>): boolean {
    return bytes === undefined && record.attempts !== this.#known(record.id).attempts;
  }

  #checkTake(records: readonly QueuedRecord[], isLate: boolean): void {
    const messages = records.map(({ id }) => this.#known(id));
    const [first] = messages;
    assert.ok(first);
    const rest = first.unit.filter(({ state }) => state !== "ended");
    assert.deepEqual(
      messages.map(({ id }) => id),
      rest.map(({ id }) => id),
      "a batch goes as a whole",
    );
    const isFresh = records.some(({ slot }, index) => !isSame(slot, messages[index]?.slot));
    if (isFresh && !isLate) {
      for (const other of this.unfinished) {
        // A commit begins when the one before is over, and what it holds was decided after that had begun.
        const isSeen = other.waitsSince < this.#commits - 1;
        const isWaiting = isSeen && isInQueue(other) && !this.#ending.has(other.id);
        const isBefore = isWaiting && !this.#isReady(other) && !first.unit.includes(other) && compare(other, first) < 0;
        assert.ok(!isBefore, `${first.id} overtakes ${other.id}`);
      }
    }
    const room = this.total - (first.priority === "critical" ? 0 : this.lowMark);
    for (const [index, { id, slot, attempts }] of records.entries()) {
      const message = messages[index] as Message;
      assert.equal(message.state, "waiting", `${id} is taken while ${message.state}`);
      assert.ok(slot, `${id} is taken without a slot`);
      if (!isLate) assert.equal(slot.epoch, this.reading.epoch, `${id}: epoch of its slot`);
      if (!isSame(slot, message.slot)) {
        const place = `${slot.epoch}.${slot.index}`;
        if (!isLate) assert.ok(slot.index < room, `${id} is given index ${slot.index}, and ${room} are for it`);
        if (!isLate)
          assert.ok(slot.index >= (this.reading.used ?? 0), `${id} is given index ${slot.index} of another program`);
        assert.ok(!this.#transmitted.has(place), `slot ${place} is taken twice`);
        assert.ok(!this.unfinished.some((other) => isSame(other.slot, slot)), `slot ${place} is taken by two`);
      }
      assert.equal(attempts, message.attempts + 1, `${id}: attempts`);
      assert.ok(attempts <= this.rules.maxAttempts, `${id} is tried too often`);
      message.slot = slot;
      message.attempts = attempts;
      message.state = "taking";
    }
    this.count("takes");
  }

  #onOutcome(message: Message, outcome: Outcome, { isQuotaKnown = true } = {}): void {
    const { id, priority, unit, rules } = { ...message, rules: this.rules };
    assert.notEqual(message.state, "ended", `${id} ends twice`);
    if (outcome.kind === "passed") {
      assert.ok(message.taken.includes(outcome.receipt), `${id} passed without being taken`);
      assert.deepEqual(outcome.slot, message.slot);
    } else if (outcome.kind === "dropped") {
      assert.equal(priority, "optional", `${id} is dropped`);
      assert.ok(this.#isKnown || !isQuotaKnown, `${id} is dropped before the quota is known`);
      const isLow = this.#levels.some(({ remaining, lowMark }) => unit.length > Math.max(0, remaining - lowMark));
      assert.ok(isLow || !isQuotaKnown, `${id} is dropped with ${this.remaining} left`);
    } else if (outcome.kind === "failed") {
      if (outcome.reason !== "unknown" && !message.isUnsure) assert.equal(message.taken.length, 0, `${id} was taken`);
      const isFinal = message.lastAnswer === "refuse" || message.attempts >= rules.maxAttempts || unit.length > 1;
      if (outcome.reason === "refused") assert.ok(isFinal, `${id} failed too early`);
      if (outcome.reason === "not-passed") {
        assert.ok(unit.length > 1, `${id} is no batch`);
        assert.ok(!message.isTransmitted, `${id} may have passed`);
      }
      if (outcome.reason === "too-large") this.#checkTooLarge(message);
    }
    if (outcome.kind === "cancelled" || outcome.kind === "dropped") {
      if (!message.isUnsure) assert.equal(message.taken.length, 0, `${id} was taken, and is ${outcome.kind}`);
    }
    message.outcome = outcome;
    message.state = "ended";
    this.#ending.delete(id);
    const { length } = this.#remembered;
    this.#remembered = [...this.#remembered, id].slice(Math.max(0, length + 1 - rules.maxEnded));
    this.count(outcome.kind === "failed" ? `failed ${outcome.reason}` : outcome.kind);
  }

  #noteLevel(): void {
    const { remaining, lowMark } = this;
    this.#levels.push({ remaining, lowMark });
  }

  #checkTooLarge({ id, unit, priority }: Message): void {
    assert.ok(unit.length > 1, `${id} is no batch`);
    // A limit that was lowered and lifted again while the end was written is not known any more.
    const share = this.lowestTotal - (priority === "critical" ? 0 : Math.floor(this.lowestTotal * this.rules.lowShare));
    assert.ok(unit.length > share, `${id} fits an epoch`);
  }

  #onDurableEnd(message: Message, { outcome }: EndedRecord): void {
    // How much was left when its manager, killed since, decided that is not known any more.
    if (message.outcome === undefined) this.#onOutcome(message, outcome, { isQuotaKnown: false });
    else assert.deepEqual(outcome, message.outcome, `${message.id} has another outcome now`);
  }

  #restore(message: Message, { slot, attempts, notBeforeMs = 0 }: QueuedRecord, nowMs: number): void {
    message.isResting = notBeforeMs > nowMs && notBeforeMs - nowMs <= LONGEST_PAUSE_MS;
    message.isAcknowledged = true;
    message.state = "waiting";
    message.attempts = attempts;
    if (slot === undefined) delete message.slot;
    else message.slot = slot;
  }

  #checkStatus(message: Message, status: MessageStatus | undefined): void {
    const { id, state, outcome, told } = message;
    if (state === "storing" && message.isAdopted && status?.kind === "queued") return; // it is being dropped
    if (state === "refused" || state === "storing") {
      assert.equal(status, undefined, `${id} is ${state}`);
      return;
    }
    if (state === "ended") {
      assert.deepEqual(status, this.#remembered.includes(id) ? outcome : undefined, `${id}: status`);
      return;
    }
    const kinds = { waiting: "queued", paused: "failed", taking: "queued", "under-way": "passing" } as const;
    assert.equal(status?.kind, kinds[state], `${id} is ${state}`);
    if (told !== undefined) assert.equal(told.kind, status?.kind, `${id}: what was told last`);
    if (status?.kind === "passing") assert.deepEqual(status.slot, message.slot, `${id}: slot`);
  }

  #checkPosition(message: Message, status: MessageStatus | undefined): void {
    if (status?.kind !== "queued" || message.isResting) return;
    const before = this.unfinished.filter((other) => {
      const isIn = isInQueue(other) && (other.unit === message.unit || !this.#isReady(other));
      return isIn && compare(other, message) < 0;
    });
    assert.equal(status.position, before.length, `${message.id}: position`);
    this.count("positions");
  }

  /** It holds slots of the epoch, so it is not in the queue. */
  #isReady({ unit }: Message): boolean {
    return unit.every(({ state, slot }) => {
      return state === "ended" || (slot?.epoch === this.reading.epoch && slot.index < this.total);
    });
  }

  /** What may go has gone. */
  #checkNoneIsLeft(): void {
    const { unfinished, rules } = this;
    const all = unfinished.filter(isInQueue).sort(compare);
    const waiting = all.filter((message) => !this.#isReady(message));
    const underWay = new Set(unfinished.filter(({ state }) => state === "under-way").map(({ unit }) => unit));
    if (underWay.size < rules.concurrency) assert.equal(waiting.length, all.length, "one that has its slot waits");
    const [first] = waiting;
    if (first === undefined) return;
    if (underWay.size < rules.concurrency) {
      assert.ok(first.unit.length > this.room(first.priority), `${first.id} could go, and waits`);
    }
    if (underWay.size === 0 && this.remaining <= this.lowMark) {
      const optional = waiting.find(({ priority }) => priority === "optional");
      assert.equal(optional?.id, undefined, "quota is low, and an optional message waits");
    }
  }

  #known(id: string): Message {
    const message = this.messages.get(id);
    assert.ok(message, `${id} was never submitted`);
    return message;
  }
}

function groupedByUnit(records: readonly QueuedRecord[], known: (id: string) => Message): QueuedRecord[][] {
  const units = new Map<Message[], QueuedRecord[]>();
  for (const record of records) {
    const { unit } = known(record.id);
    units.set(unit, [...(units.get(unit) ?? []), record]);
  }
  return [...units.values()];
}

function isInQueue({ state, isResting }: Message): boolean {
  return state === "waiting" && !isResting;
}

function compare(a: Message, b: Message): number {
  return ORDER[a.priority] - ORDER[b.priority] || a.order - b.order;
}

function isSame(a: Slot | undefined, b: Slot | undefined): boolean {
  return a !== undefined && a.epoch === b?.epoch && a.index === b.index;
}

function isFailure({ outcome }: Message): boolean {
  return outcome?.kind === "failed";
}

function isOutcome(status: MessageStatus): boolean {
  return !["queued", "passing"].includes(status.kind) && !(status.kind === "failed" && status.willRetry);
}
