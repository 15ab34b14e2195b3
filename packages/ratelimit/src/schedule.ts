/**
 * What waits, and for what: its turn in the queue, its next attempt, or only room under way.
 * @module
 */
import type { Priority } from "./message.ts";
import { type Quota, roomFor } from "./quota.ts";
import { isHalf, notBeforeMs, type Unit, wasAttempted } from "./unit.ts";
import { UnitQueue } from "./unit-queue.ts";

/** `ready`: it holds slots of this epoch, so it needs no more quota. */
export type Place = "queue" | "ready" | "nowhere";

export class Schedule {
  readonly #queue = new UnitQueue();
  /** Outside of the queue, so that they hold up nobody. */
  readonly #paused = new Set<Unit>();
  readonly #ready = new Set<Unit>();
  /** They hold slots of some epoch, and it was not looked yet of which. */
  readonly #unsorted = new Set<Unit>();
  #era = "";

  add(unit: Unit): void {
    if (wasAttempted(unit)) this.#unsorted.add(unit);
    else this.#queue.insert(unit);
  }

  pause(unit: Unit): void {
    this.#paused.add(unit);
  }

  delete(unit: Unit): boolean {
    return (
      this.#ready.delete(unit) || this.#unsorted.delete(unit) || this.#paused.delete(unit) || this.#queue.delete(unit)
    );
  }

  /**
   * Puts each unit where it belongs now. Units without slots are looked at only when the era changes.
   *
   * @param era - another one for each epoch and limit
   * @returns those that belong nowhere, taken out
   */
  sort(era: string, placeOf: (unit: Unit) => Place): Unit[] {
    const units = [...this.#unsorted];
    this.#unsorted.clear();
    if (era !== this.#era) {
      this.#era = era;
      units.push(...this.#ready);
      this.#ready.clear();
      for (const unit of [...this.#queue]) {
        if (placeOf(unit) === "queue") continue;
        this.#queue.delete(unit);
        units.push(unit);
      }
    }
    return units.filter((unit) => {
      const place = placeOf(unit);
      if (place === "queue") this.#queue.insert(unit);
      else if (place === "ready") this.#ready.add(unit);
      return place === "nowhere";
    });
  }

  /** Takes out what may go now. Nothing overtakes the first of the queue, even if it would fit where that does not. */
  next(quota: Quota): Unit | undefined {
    for (const unit of this.#ready) {
      this.#ready.delete(unit);
      return unit;
    }
    const { first } = this.#queue;
    if (first === undefined || first.records.length > roomFor(first.priority, quota)) return undefined;
    this.#queue.delete(first);
    return first;
  }

  /** Takes out the optional units that do not fit any more. */
  droppable(quota: Quota): Unit[] {
    if (quota.level === "unknown") return [];
    const { first } = this.#queue;
    const isFirst = first?.priority === "optional" && first.records.length > roomFor("optional", quota);
    const units = quota.level !== "high" ? this.#queue.of("optional") : isFirst ? [first] : [];
    // Of what has begun to pass, the rest is not dropped.
    return units.filter((unit) => !isHalf(unit) && this.#queue.delete(unit));
  }

  /**
   * Takes out what was paused until now.
   *
   * @param longestPauseMs - a pause that has longer to go is one of before the clock went back
   */
  resumable(nowMs: number, longestPauseMs: number): Unit[] {
    if (this.#paused.size === 0) return [];
    return [...this.#paused].filter((unit) => {
      const leftMs = notBeforeMs(unit) - nowMs;
      return (leftMs <= 0 || leftMs > longestPauseMs) && this.#paused.delete(unit);
    });
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
