/**
 * What waits, and for what: its turn in the queue, its next attempt, or only room under way.
 * @module
 */
import type { Priority } from "./message.ts";
import { type Quota, roomFor } from "./quota.ts";
import type { Unit } from "./unit.ts";
import { UnitQueue } from "./unit-queue.ts";

export class Schedule {
  readonly #queue = new UnitQueue();
  /** Outside of the queue, so that they hold up nobody. */
  readonly #paused = new Set<Unit>();
  /** These hold slots of this epoch from an attempt before, so they need no more quota. */
  #ready: Unit[] = [];

  /** @param hasSlots - of this epoch */
  add(unit: Unit, hasSlots: boolean): void {
    if (hasSlots) this.#ready.push(unit);
    else this.#queue.insert(unit);
  }

  pause(unit: Unit): void {
    this.#paused.add(unit);
  }

  delete(unit: Unit): boolean {
    const isReady = this.#ready.includes(unit);
    if (isReady) this.#ready = this.#ready.filter((other) => other !== unit);
    return isReady || this.#paused.delete(unit) || this.#queue.delete(unit);
  }

  /** Takes out what may go now. Nothing overtakes the first of the queue, even if it would fit where that does not. */
  next(quota: Quota): Unit | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const { first } = this.#queue;
    if (first === undefined || first.records.length > roomFor(first.priority, quota)) return undefined;
    this.#queue.delete(first);
    return first;
  }

  /** Takes out the optional units that do not fit any more. */
  droppable(quota: Quota): Unit[] {
    const { first } = this.#queue;
    const isFirst = first?.priority === "optional" && first.records.length > roomFor("optional", quota);
    const units = quota.level !== "high" ? this.#queue.of("optional") : isFirst ? [first] : [];
    return units.filter((unit) => this.#queue.delete(unit));
  }

  /** Takes out what was paused until now. */
  resumable(nowMs: number): Unit[] {
    return [...this.#paused].filter((unit) => notBeforeMs(unit) <= nowMs && this.#paused.delete(unit));
  }

  /** What held slots of an epoch that is over waits for its turn again. */
  sortAgain(hasSlots: (unit: Unit) => boolean): void {
    const units = this.#ready;
    this.#ready = [];
    for (const unit of units) this.add(unit, hasSlots(unit));
  }

  /** When there may be something to do that is not told; infinite if never. */
  nextWakeUpMs(epochEndsAtMs: number): number {
    let wakeUpMs = this.#queue.first === undefined ? Number.POSITIVE_INFINITY : epochEndsAtMs;
    for (const unit of this.#paused) wakeUpMs = Math.min(wakeUpMs, notBeforeMs(unit));
    return wakeUpMs;
  }

  messagesBefore(unit: { readonly priority: Priority; readonly sequence: number }): number {
    return this.#queue.messagesBefore(unit);
  }
}

function notBeforeMs({ records: [first] }: Unit): number {
  return first?.notBeforeMs ?? 0;
}
