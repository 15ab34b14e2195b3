/**
 * What waits, in the order in which it is to go: critical first, then by submission. A batch is one unit, because it
 * goes as a whole or not at all.
 * @module
 */
import { Lane } from "./lane.ts";
import { PRIORITIES, type Priority } from "./message.ts";
import type { Unit } from "./unit.ts";

export class UnitQueue {
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    critical: new Lane(),
    normal: new Lane(),
    optional: new Lane(),
  };

  /** The one that goes next. */
  get first(): Unit | undefined {
    const { critical, normal, optional } = this.#lanes;
    return critical.first ?? normal.first ?? optional.first;
  }

  *[Symbol.iterator](): Generator<Unit> {
    for (const priority of PRIORITIES) yield* this.#lanes[priority];
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
  messagesBefore({ priority, sequence }: { readonly priority: Priority; readonly sequence: number }): number {
    let count = 0;
    for (const higher of PRIORITIES) {
      if (higher === priority) break;
      count += this.#lanes[higher].messages;
    }
    return count + this.#lanes[priority].messagesBefore(sequence);
  }
}
