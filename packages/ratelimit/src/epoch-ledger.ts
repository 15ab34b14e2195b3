/**
 * Which indexes of which epochs are taken. Whatever the clock does, no index of an epoch is handed out twice: an epoch
 * that was left keeps its count, and one whose count was forgotten has no quota any more.
 * @module
 */
import type { Priority, Slot } from "./message.ts";
import type { EpochUsage, LedgerRecord } from "./queue-store.ts";

/** Epochs whose counts are kept. A clock that jumps ahead uses up one of them, and so does each epoch of normal life. */
const MAX_EPOCHS = 16;

const UNUSED = { critical: 0, normal: 0, optional: 0 } as const;

export class EpochLedger {
  #floor: number;
  readonly #epochs = new Map<number, EpochUsage>();

  constructor(record: LedgerRecord = { floor: 0, epochs: [] }) {
    this.#floor = record.floor;
    for (const usage of record.epochs) this.#epochs.set(usage.epoch, usage);
  }

  /** Of our own count; an epoch below the floor has used everything. */
  usage(epoch: number): EpochUsage {
    const used = epoch < this.#floor ? Number.POSITIVE_INFINITY : 0;
    return this.#epochs.get(epoch) ?? { epoch, used, usedBy: UNUSED };
  }

  /**
   * Takes the next indexes of an epoch.
   *
   * @param usedElsewhere - indexes below are taken, whatever our own count says
   * @returns as many consecutive slots as asked for; the caller has checked that the limit allows them
   */
  take(epoch: number, count: number, priority: Priority, usedElsewhere = 0): Slot[] {
    if (count === 0) return [];
    const usage = this.usage(epoch);
    const first = Math.max(usage.used, usedElsewhere);
    const usedBy = { ...usage.usedBy, [priority]: usage.usedBy[priority] + count };
    this.#epochs.set(epoch, { epoch, used: first + count, usedBy });
    this.#forgetOldest();
    const slots: Slot[] = [];
    for (let index = first; index < first + count; index += 1) slots.push({ epoch, index });
    return slots;
  }

  /** Nothing of this epoch or an earlier one is taken any more. */
  close(epoch: number): void {
    this.#floor = Math.max(this.#floor, epoch + 1);
    for (const known of [...this.#epochs.keys()]) if (known <= epoch) this.#epochs.delete(known);
  }

  isClosed(epoch: number): boolean {
    return epoch < this.#floor && !this.#epochs.has(epoch);
  }

  toRecord(): LedgerRecord {
    return { floor: this.#floor, epochs: [...this.#epochs.values()].sort((a, b) => a.epoch - b.epoch) };
  }

  #forgetOldest(): void {
    while (this.#epochs.size > MAX_EPOCHS) {
      const oldest = Math.min(...this.#epochs.keys());
      this.#epochs.delete(oldest);
      this.#floor = Math.max(this.#floor, oldest + 1);
    }
  }
}
