/**
 * Lets pass what may pass, round by round. Each round asks for the quota, decides, and makes all of that durable in one
 * commit, together with what ended since the last; only then are outcomes told and messages transmitted.
 * @module
 */
import { deliver, notPassed } from "./deliver.ts";
import { isTooLarge } from "./intake.ts";
import type { Journal } from "./journal.ts";
import type { Listeners } from "./listeners.ts";
import type { DeliveryProblem, Outcome } from "./message.ts";
import type { Ending, MessageBook } from "./message-book.ts";
import type { ResolvedOptions } from "./options.ts";
import type { QueueChange } from "./queue-store.ts";
import { type Quota, shareOf } from "./quota.ts";
import type { QuotaKeeper } from "./quota-keeper.ts";
import { pauseAfter } from "./retry.ts";
import type { Place, Schedule } from "./schedule.ts";
import { attemptsOf, isHalf, notBeforeMs, type Unit, wasAttempted } from "./unit.ts";

export type DispatcherParts = {
  readonly options: ResolvedOptions;
  readonly keeper: QuotaKeeper;
  readonly journal: Journal;
  readonly schedule: Schedule;
  readonly book: MessageBook;
  readonly errors: Listeners<[error: unknown]>;
  readonly closing: AbortSignal;
};

/** Waiting units that are to end: unlike what the delivery service says, they wait on if the store refuses. */
export type Decision = { readonly unit: Unit; readonly endings: readonly Ending[] };

type Taken = { readonly unit: Unit; readonly before: Unit["records"] };

/** Timers of a machine that slept are late: the clock is looked at this often at least. */
const LONGEST_TIMER_MS = 60_000;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  #isDue = false;
  #isHeld = false;
  #pumping: Promise<void> | undefined;
  #failures = 0;
  #cancelTimer: () => void = () => {};
  #cancelSettling: (() => void) | undefined;
  /** Units. */
  #underWay = 0;
  #onIdle: () => void = () => {};
  /** Outcomes that the delivery service has told and that are not durable. */
  #passed: Ending[] = [];
  /** For those of them that somebody waits for. */
  readonly #onDurable = new Map<Ending, () => void>();
  /** Their pauses are not durable. */
  readonly #newlyPaused = new Set<Unit>();
  /** Outcomes whose time is over, and that the store still has. */
  #forgotten: string[];

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#forgotten = parts.book.board.forgetOldest();
  }

  /** Puts a unit where it waits: it may go when it is its turn. */
  wait(unit: Unit): void {
    const { schedule, book, keeper } = this.#parts;
    unit.state = "waiting";
    unit.settling = undefined;
    unit.problem = undefined;
    schedule.add(unit);
    book.tell(unit, keeper.quota);
  }

  /** As {@link wait}, for one that the store held: a pause that it was in goes on. */
  resume(unit: Unit): void {
    if (notBeforeMs(unit) <= this.#parts.options.clock.nowMs()) this.wait(unit);
    else {
      unit.state = "waiting";
      unit.settling = undefined;
      this.#parts.schedule.pause(unit);
    }
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#resumePaused(Number.POSITIVE_INFINITY);
    this.wake();
  }

  /** Lets pass what may pass now. One round at a time: what is asked for meanwhile is done after. */
  wake(): void {
    this.#isDue = true;
    if (this.#pumping !== undefined || this.#parts.closing.aborted) return;
    this.#cancelTimer();
    this.#pumping = this.#pump();
  }

  /** Outcomes that wait for something else to be written wait no longer. */
  settle(): void {
    if (this.#cancelSettling !== undefined) this.wake();
  }

  /** As {@link wake}, by a timer. */
  wakeSoon(): void {
    this.#wakeAt(this.#parts.options.clock.nowMs());
  }

  /** Ends units that wait, for a reason of ours. @throws what the store throws; then they wait on */
  async end(decisions: readonly Decision[]): Promise<void> {
    await this.#write(decisions, []);
  }

  /** Resolves when nothing is under way and what ended is durable, if the store takes it. `closing` is aborted before. */
  async stop(): Promise<void> {
    this.#cancelTimer();
    this.#cancelSettling?.();
    for (const resolve of this.#onDurable.values()) resolve();
    await this.#pumping;
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#write([], []).catch((error: unknown) => this.#parts.errors.tell(error));
    await this.#parts.journal.settled;
  }

  async #pump(): Promise<void> {
    const { options, schedule, keeper, errors, closing } = this.#parts;
    await undefined; // what else comes in this turn goes with it
    try {
      while (this.#isDue && !closing.aborted) {
        this.#isDue = false;
        await this.#round();
      }
      this.#failures = 0;
      this.#wakeAt(schedule.nextWakeUpMs(keeper.endsAtMs));
    } catch (error) {
      this.#isDue = false;
      this.#failures += 1;
      errors.tell(error);
      this.#wakeAt(options.clock.nowMs() + pauseAfter(this.#failures, options.retry, options.random()));
    } finally {
      this.#pumping = undefined;
      if (this.#isDue) this.wake();
    }
  }

  #wakeAt(atMs: number): void {
    const { clock } = this.#parts.options;
    this.#cancelTimer();
    if (atMs === Number.POSITIVE_INFINITY || this.#parts.closing.aborted) return;
    const delayMs = Math.max(1, atMs - clock.nowMs());
    this.#cancelTimer = clock.after(Math.min(LONGEST_TIMER_MS, delayMs), () => this.wake());
  }

  async #round(): Promise<void> {
    await this.#readQuota();
    this.#resumePaused(this.#parts.options.clock.nowMs());
    const decisions = [...this.#hopeless(), ...this.#dropped()];
    const taken = this.#take();
    await this.#write(decisions, taken);
    for (const { unit } of taken) this.#start(unit);
  }

  /** A source that takes its time, or fails, does not keep outcomes from being written. */
  async #readQuota(): Promise<void> {
    try {
      const reading = this.#parts.keeper.read();
      if (reading !== undefined) await Promise.all([reading, this.#write([], [])]);
    } catch (error) {
      await this.#write([], []);
      throw error;
    }
  }

  #resumePaused(nowMs: number): void {
    const { schedule, options } = this.#parts;
    for (const unit of schedule.resumable(nowMs, options.retry.longestPauseMs)) this.wait(unit);
  }

  #hopeless(): Decision[] {
    const { schedule, keeper } = this.#parts;
    const { epoch, total } = keeper.quota;
    return schedule
      .sort(`${epoch} of ${total}`, (unit) => this.#placeOf(unit))
      .map((unit) => ({ unit, endings: this.#isSpent(unit) ? spent(unit) : this.#tooLarge(unit) }));
  }

  #placeOf(unit: Unit): Place {
    const { keeper } = this.#parts;
    if (wasAttempted(unit)) {
      if (this.#isSpent(unit)) return "nowhere";
      if (unit.records.every((record) => keeper.hasSlot(record))) return "ready";
    }
    return isTooLarge(unit, keeper.quota) && !isHalf(unit) ? "nowhere" : "queue";
  }

  /** It had all its attempts in processes that ended, or some of it has passed in an epoch that is over. */
  #isSpent(unit: Unit): boolean {
    const { keeper, options } = this.#parts;
    if (attemptsOf(unit) >= options.retry.maxAttempts) return true;
    return isHalf(unit) && !unit.records.every((record) => keeper.isOfEpoch(record));
  }

  #tooLarge({ records, priority }: Unit): Ending[] {
    const share = shareOf(priority, this.#parts.keeper.quota);
    const message = `batch: want ≤ ${share} messages in an epoch, got ${records.length}`;
    const problem = { message, isTemporary: false };
    const failed: Outcome = { kind: "failed", reason: "too-large", problem, willRetry: false };
    return records.map((record) => [record, failed]);
  }

  #dropped(): Decision[] {
    const { schedule, keeper } = this.#parts;
    return schedule.droppable(keeper.quota).map((unit) => ({ unit, endings: dropped(unit, keeper.quota) }));
  }

  /** Takes out the units that go now, and slots for them. */
  #take(): Taken[] {
    const { schedule, keeper, options } = this.#parts;
    const taken: Taken[] = [];
    if (this.#isHeld || !keeper.isKnown) return taken;
    while (this.#underWay + taken.length < options.concurrency) {
      const unit = schedule.next(keeper.quota);
      if (unit === undefined) break;
      taken.push({ unit, before: unit.records });
      unit.records = keeper.withSlots(unit);
      unit.state = "taking";
    }
    return taken;
  }

  async #write(decisions: readonly Decision[], taken: readonly Taken[]): Promise<void> {
    const { book, journal, keeper } = this.#parts;
    const settled = decisions.length === 0 ? undefined : Promise.withResolvers<void>();
    for (const { unit } of decisions) {
      unit.state = "ending";
      unit.settling = settled?.promise;
    }
    const passed = this.#passed;
    const paused = [...this.#newlyPaused].filter(({ state }) => state === "waiting");
    const forgotten = this.#forgotten;
    const ended = passed.concat(...decisions.map(({ endings }) => endings));
    const changes = book.changesFor(ended);
    if (taken.length > 0) changes.push({ kind: "ledger", ledger: keeper.ledger });
    for (const { unit } of taken) changes.push(...putsOf(unit));
    for (const unit of paused) changes.push(...putsOf(unit));
    if (changes.length === 0) return;
    if (forgotten.length > 0) changes.push({ kind: "forget", ids: forgotten });
    this.#passed = [];
    this.#cancelSettling?.();
    this.#cancelSettling = undefined;
    this.#newlyPaused.clear();
    this.#forgotten = [];
    try {
      await journal.write(changes);
    } catch (error) {
      this.#passed.unshift(...passed);
      for (const unit of paused) this.#newlyPaused.add(unit);
      this.#forgotten.unshift(...forgotten);
      for (const { unit } of decisions) this.resume(unit);
      for (const { unit, before } of taken) {
        // Nothing was transmitted, so this attempt never was. Its indexes stay taken in memory, which is safe.
        unit.records = before;
        this.wait(unit);
      }
      throw error;
    } finally {
      settled?.resolve();
    }
    this.#forgotten.push(...book.end(ended));
    for (const ending of passed) {
      this.#onDurable.get(ending)?.();
      this.#onDurable.delete(ending);
    }
  }

  #start(unit: Unit): void {
    const { book, keeper } = this.#parts;
    this.#underWay += 1;
    unit.state = "under-way";
    book.tell(unit, keeper.quota);
    void this.#pass(unit);
  }

  /** Hands over the messages of a unit one after the other; the first that is not taken ends it. */
  async #pass(unit: Unit): Promise<void> {
    const { options, closing } = this.#parts;
    const { records } = unit;
    const wasHalf = isHalf(unit);
    let outcome: Outcome | undefined;
    for (let index = 0; index < records.length; index += 1) {
      const record = records[index] as (typeof records)[number];
      outcome = await deliver(options, record, closing);
      if (outcome === undefined) break; // closing: it goes on when the store is opened again
      if (outcome.kind === "failed") {
        const { problem } = outcome;
        const isUntouched = index === 0 && !wasHalf;
        const mayRetry = problem.isTemporary && record.attempts < options.retry.maxAttempts;
        if (isUntouched && mayRetry) this.#pause(unit, problem);
        else {
          this.#passed.push([record, outcome]);
          for (const other of records.slice(index + 1)) this.#passed.push([other, notPassed(problem)]);
        }
        break;
      }
      const ending: Ending = [record, outcome];
      this.#passed.push(ending);
      if (index + 1 === records.length) break;
      // The next is not given before that is durable: after a crash it must be known which were.
      await this.#durable(ending);
      if (closing.aborted) break;
    }
    // While there was room for more, nothing waited for this one to end.
    if (this.#underWay < options.concurrency && outcome?.kind === "passed") this.#settleSoon();
    else this.wake();
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle();
  }

  /** What has passed is written with whatever comes next. */
  #settleSoon(): void {
    const { clock, settleWithinMs } = this.#parts.options;
    if (settleWithinMs === 0 || this.#parts.closing.aborted) this.wake();
    else this.#cancelSettling ??= clock.after(settleWithinMs, () => this.wake());
  }

  /** Resolves when an outcome is written, or when `closing` is aborted. */
  async #durable(ending: Ending): Promise<void> {
    if (this.#parts.closing.aborted) return;
    await new Promise<void>((resolve) => {
      this.#onDurable.set(ending, resolve);
      this.wake();
    });
  }

  #pause(unit: Unit, problem: DeliveryProblem): void {
    const { options, schedule, book, keeper } = this.#parts;
    const untilMs = options.clock.nowMs() + pauseAfter(attemptsOf(unit), options.retry, options.random());
    unit.records = unit.records.map((record) => ({ ...record, notBeforeMs: untilMs }));
    unit.state = "waiting";
    unit.problem = problem;
    schedule.pause(unit);
    this.#newlyPaused.add(unit);
    book.tell(unit, keeper.quota);
  }
}

export function dropped({ records }: Unit, { remaining }: Quota): Ending[] {
  const outcome: Outcome = { kind: "dropped", reason: remaining === 0 ? "quota-exhausted" : "quota-low" };
  return records.map((record) => [record, outcome]);
}

function putsOf({ records }: Unit): QueueChange[] {
  return records.map((record) => ({ kind: "put", record }));
}

/** What was under way when the process ended. */
function spent({ records }: Unit): Ending[] {
  const problem = { message: "the process ended while it was under way", isTemporary: false };
  const unknown: Outcome = { kind: "failed", reason: "unknown", problem, willRetry: false };
  return records.map((record, index) => [record, index === 0 ? unknown : notPassed(problem)]);
}
