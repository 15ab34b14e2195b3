/**
 * The quota of the epoch that the source told last, and the slots that are taken from it.
 * @module
 */
import { EpochLedger } from "./epoch-ledger.ts";
import { Listeners } from "./listeners.ts";
import type { Slot } from "./message.ts";
import type { ResolvedOptions } from "./options.ts";
import type { LedgerRecord, QueuedRecord } from "./queue-store.ts";
import { type Quota, quotaOf } from "./quota.ts";
import type { QuotaReading } from "./quota-source.ts";
import type { Unit } from "./unit.ts";

export class QuotaKeeper {
  readonly #options: ResolvedOptions;
  readonly #ledger: EpochLedger;
  readonly #listeners = new Listeners<[quota: Quota]>();
  #reading: QuotaReading;

  constructor(options: ResolvedOptions, ledger: LedgerRecord | undefined, reading: QuotaReading) {
    this.#options = options;
    this.#ledger = new EpochLedger(ledger);
    this.#reading = reading;
  }

  get quota(): Quota {
    return quotaOf(this.#reading, this.#ledger, this.#options);
  }

  get endsAtMs(): number {
    return this.#reading.endsAtMs;
  }

  get ledger(): LedgerRecord {
    return this.#ledger.toRecord();
  }

  observe(listener: (quota: Quota) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Asks the source. */
  async read(): Promise<void> {
    const { source, clock } = this.#options;
    const reading = await source.read(clock.nowMs());
    this.#change(() => {
      this.#reading = reading;
    });
  }

  /** Asks the source if the epoch that it told last is over. */
  async readIfOver(): Promise<void> {
    if (this.#options.clock.nowMs() >= this.#reading.endsAtMs) await this.read();
  }

  /** Whether a record may be transmitted without taking more. */
  hasSlot({ slot }: QueuedRecord): boolean {
    return slot !== undefined && slot.epoch === this.#reading.epoch;
  }

  /** The records of a unit for one more attempt: with slots of this epoch, in memory only. */
  withSlots({ records, priority }: Unit): QueuedRecord[] {
    const { epoch, used } = this.#reading;
    const count = records.filter((record) => !this.hasSlot(record)).length;
    const slots = this.#change(() => this.#ledger.take(epoch, count, priority, used)).values();
    return records.map((record) => {
      const slot: Slot | undefined = this.hasSlot(record) ? record.slot : slots.next().value;
      return { ...record, ...(slot !== undefined && { slot }), attempts: record.attempts + 1 };
    });
  }

  #change<Result>(change: () => Result): Result {
    const before = this.quota;
    const result = change();
    const { quota } = this;
    const isNew = quota.epoch !== before.epoch || quota.used !== before.used || quota.total !== before.total;
    if (isNew) this.#listeners.tell(quota);
    return result;
  }
}
