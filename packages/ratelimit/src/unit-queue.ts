/**
 * What waits, in the order in which it is to go: critical first, then by submission. A batch is one unit, because it
 * goes as a whole or not at all.
 * @module
 */
import { PRIORITIES, type Priority } from "./message.ts";
import type { Unit } from "./unit.ts";

/** Taken out units before this place are let go when there are so many. */
const COMPACT_AT = 1_024;

/** Units of one priority, by sequence. */
class Lane {
  #units: Unit[] = [];
  #head = 0;

  get first(): Unit | undefined {
    return this.#units[this.#head];
  }

  *[Symbol.iterator](): Generator<Unit> {
    for (let at = this.#head; at < this.#units.length; at += 1) yield this.#units[at] as Unit;
  }

  insert(unit: Unit): void {
    this.#units.splice(this.#placeOf(unit.sequence), 0, unit);
  }

  delete(unit: Unit): boolean {
    const at = this.#placeOf(unit.sequence);
    if (this.#units[at] !== unit) return false;
    if (at === this.#head) this.#head += 1;
    else this.#units.splice(at, 1);
    if (this.#head >= COMPACT_AT && this.#head * 2 > this.#units.length) {
      this.#units = this.#units.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }

  /** The first place whose unit is not before `sequence`. */
  #placeOf(sequence: number): number {
    let low = this.#head;
    let high = this.#units.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#units[middle] as Unit).sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class UnitQueue {
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    critical: new Lane(),
    normal: new Lane(),
    optional: new Lane(),
  };

  /** The one that goes next. */
  get first(): Unit | undefined {
    for (const priority of PRIORITIES) {
      const { first } = this.#lanes[priority];
      if (first !== undefined) return first;
    }
    return undefined;
  }

  insert(unit: Unit): void {
    this.#lanes[unit.priority].insert(unit);
  }

  /** @returns whether it was there */
  delete(unit: Unit): boolean {
    return this.#lanes[unit.priority].delete(unit);
  }

  of(priority: Priority): Unit[] {
    return [...this.#lanes[priority]];
  }

  /** How many messages go before `unit`, whether it is in the queue or not. */
  messagesBefore(unit: { readonly priority: Priority; readonly sequence: number }): number {
    let count = 0;
    for (const priority of PRIORITIES) {
      for (const other of this.#lanes[priority]) {
        if (priority === unit.priority && other.sequence >= unit.sequence) break;
        count += other.records.length;
      }
      if (priority === unit.priority) return count;
    }
    return count;
  }
}
