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
};

export type Answer = "take" | "refuse-for-now" | "refuse";

export type Message = {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly priority: Priority;
  /** Order of submission. */
  readonly order: number;
  /** All messages of its batch, or itself alone. */
  readonly unit: Message[];
  isAcknowledged: boolean;
  /** `storing`: on its way in. */
  state: "storing" | "waiting" | "paused" | "under-way" | "ended" | "refused";
  slot?: Slot;
  attempts: number;
  outcome?: Outcome;
  told?: MessageStatus;
  taken: string[];
  lastAnswer?: Answer;
  /** A manager was killed with it under way, so nobody knows. */
  isUnsure: boolean;
  /** Its manager was killed before the outcome that it had told was written. */
  isForgotten: boolean;
};

const ORDER = { critical: 0, normal: 1, optional: 2 } as const;

export class Account {
  readonly messages = new Map<string, Message>();
  /** By `epoch.index`: who was transmitted there. */
  readonly #transmitted = new Map<string, string>();
  readonly rules: Rules;
  /** Their outcomes are on the way into the store, and told after that. */
  readonly #ending = new Set<string>();
  #nextOrder = 0;
  #ownUsed = new Map<number, number>();
  #floor = 0;
  reading: QuotaReading = { epoch: 0, endsAtMs: 0 };
  readonly counts: Record<string, number> = {};

  constructor(rules: Rules) {
    this.rules = rules;
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  get total(): number {
    return Math.min(this.reading.limit ?? this.rules.messagesPerEpoch, this.rules.messagesPerEpoch);
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
    if (sizes.length > 1 && sizes.length > share) return "BATCH_TOO_LARGE";
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
        state: "storing",
        attempts: 0,
        isUnsure: false,
        isForgotten: false,
      } as const;
      const message: Message = { id, bytes, priority, order, unit, ...state, taken: [] };
      unit.push(message);
      this.messages.set(id, message);
    }
    return unit;
  }

  /** A commit that the manager asks for; called again with what came of it. */
  onCommit(changes: readonly QueueChange[]): { applied: () => void; rejected: () => void } {
    for (const change of changes) if (change.kind === "end") this.#ending.add(change.record.id);
    const ledger = changes.find((change) => change.kind === "ledger");
    if (ledger === undefined) return { applied: () => {}, rejected: () => {} };
    this.#ownUsed = new Map(ledger.ledger.epochs.map(({ epoch, used }) => [epoch, used]));
    this.#floor = ledger.ledger.floor;
    const taken = changes.flatMap((change) => (change.kind === "put" ? [change.record] : []));
    const before = taken.map(({ id }) => ({ ...this.#known(id) }));
    for (const unit of groupedByUnit(taken, (id) => this.#known(id))) this.#checkTake(unit);
    return {
      applied: () => {},
      rejected: () => {
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
    } else if (status.kind === "passing") {
      assert.equal(message.state, "under-way", `${id} passes while ${message.state}`);
      assert.deepEqual(status.slot, message.slot);
    } else if (status.kind === "failed" && status.willRetry) {
      const [first] = message.unit;
      assert.equal(first?.lastAnswer, "refuse-for-now", `${id} is to be tried again`);
      assert.ok(message.attempts < this.rules.maxAttempts, `${id} is tried too often`);
      message.state = "paused";
    } else this.#onOutcome(message, status as Outcome);
  }

  /** What is durable is all there is. */
  onReopen({ queued, ended, ledger }: MemoryQueue, { isKill }: { readonly isKill: boolean }): void {
    this.#ownUsed = new Map(ledger?.epochs.map(({ epoch, used }) => [epoch, used]));
    this.#floor = ledger?.floor ?? 0;
    this.#ending.clear();
    for (const message of this.messages.values()) {
      const { id } = message;
      delete message.told;
      if (message.state === "refused") {
        assert.ok(!queued.has(id) && !ended.has(id), `${id} was refused, and is in the store`);
        continue;
      }
      const record = queued.get(id)?.record;
      if (record !== undefined) {
        if (message.outcome !== undefined) assert.ok(isKill, `${id} ended, and is queued after close()`);
        if (message.state === "under-way" || message.state === "ended") message.isUnsure ||= isKill;
        delete message.outcome;
        this.#restore(message, record);
        continue;
      }
      const end = ended.get(id);
      if (end !== undefined) this.#onDurableEnd(message, end);
      else if (message.outcome !== undefined) {
        message.isForgotten ||= isKill;
        assert.ok(message.isForgotten, `${id} ended, and is unknown after close()`);
      } else if (message.isAcknowledged || !isKill) assert.fail(`${id} is lost`);
      else message.state = "refused";
    }
  }

  /** After everything has come to rest. `mayWait`: the store or the source failed, so it is tried again later. */
  check(statusOf: (id: string) => MessageStatus | undefined, mayWait: boolean): void {
    for (const message of this.messages.values()) this.#checkStatus(message, statusOf(message.id));
    this.#checkBounds();
    if (!mayWait) this.#checkNoneIsLeft();
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

  #checkTake(records: readonly QueuedRecord[]): void {
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
    if (isFresh) {
      for (const other of this.unfinished) {
        const isWaiting = other.state === "waiting" && !this.#ending.has(other.id);
        const isBefore = isWaiting && !first.unit.includes(other) && compare(other, first) < 0;
        assert.ok(!isBefore, `${first.id} overtakes ${other.id}`);
      }
    }
    const room = this.total - (first.priority === "critical" ? 0 : this.lowMark);
    for (const [index, { id, slot, attempts }] of records.entries()) {
      const message = messages[index] as Message;
      assert.equal(message.state, "waiting", `${id} is taken while ${message.state}`);
      assert.ok(slot, `${id} is taken without a slot`);
      assert.equal(slot.epoch, this.reading.epoch, `${id}: epoch of its slot`);
      if (!isSame(slot, message.slot)) {
        const place = `${slot.epoch}.${slot.index}`;
        assert.ok(slot.index < room, `${id} is given index ${slot.index}, and ${room} are for it`);
        assert.ok(slot.index >= (this.reading.used ?? 0), `${id} is given index ${slot.index} of another program`);
        assert.ok(!this.#transmitted.has(place), `slot ${place} is taken twice`);
        assert.ok(!this.unfinished.some((other) => isSame(other.slot, slot)), `slot ${place} is taken by two`);
      }
      assert.equal(attempts, message.attempts + 1, `${id}: attempts`);
      assert.ok(attempts <= this.rules.maxAttempts, `${id} is tried too often`);
      message.slot = slot;
      message.attempts = attempts;
      message.state = "under-way";
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
      const isLow = this.remaining <= this.lowMark || unit.length > this.room(priority);
      assert.ok(isLow || !isQuotaKnown, `${id} is dropped with ${this.remaining} left`);
    } else if (outcome.kind === "failed") {
      if (outcome.reason !== "unknown" && !message.isUnsure) assert.equal(message.taken.length, 0, `${id} was taken`);
      const isFinal = message.lastAnswer === "refuse" || message.attempts >= rules.maxAttempts || unit.length > 1;
      if (outcome.reason === "refused") assert.ok(isFinal, `${id} failed too early`);
      if (outcome.reason === "not-passed") assert.ok(unit.length > 1, `${id} is no batch`);
    }
    if (outcome.kind === "cancelled" || outcome.kind === "dropped") {
      if (!message.isUnsure) assert.equal(message.taken.length, 0, `${id} was taken, and is ${outcome.kind}`);
    }
    message.outcome = outcome;
    message.state = "ended";
    this.count(outcome.kind === "failed" ? `failed ${outcome.reason}` : outcome.kind);
  }

  #onDurableEnd(message: Message, { outcome }: EndedRecord): void {
    // How much was left when its manager, killed since, decided that is not known any more.
    if (message.outcome === undefined) this.#onOutcome(message, outcome, { isQuotaKnown: false });
    else assert.deepEqual(outcome, message.outcome, `${message.id} has another outcome now`);
  }

  #restore(message: Message, { slot, attempts }: QueuedRecord): void {
    message.isAcknowledged = true;
    message.state = "waiting";
    message.attempts = attempts;
    if (slot === undefined) delete message.slot;
    else message.slot = slot;
  }

  #checkStatus(message: Message, status: MessageStatus | undefined): void {
    const { id, state, outcome, told, isForgotten } = message;
    if (state === "refused" || state === "storing") {
      assert.equal(status, undefined, `${id} is ${state}`);
      return;
    }
    if (state === "ended") {
      assert.deepEqual(status, isForgotten ? undefined : outcome, `${id}: status`);
      return;
    }
    const kinds = { waiting: "queued", paused: "failed", "under-way": "passing" } as const;
    assert.equal(status?.kind, kinds[state], `${id} is ${state}`);
    if (told !== undefined) assert.equal(told.kind, status?.kind, `${id}: what was told last`);
    if (status?.kind === "passing") assert.deepEqual(status.slot, message.slot, `${id}: slot`);
  }

  #checkBounds(): void {
    const { unfinished, rules } = this;
    assert.ok(unfinished.length <= rules.maxQueuedMessages, "more messages than the queue may hold");
  }

  /** What may go has gone. */
  #checkNoneIsLeft(): void {
    const { unfinished, rules } = this;
    const waiting = unfinished.filter(({ state }) => state === "waiting").sort(compare);
    const underWay = new Set(unfinished.filter(({ state }) => state === "under-way").map(({ unit }) => unit));
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
