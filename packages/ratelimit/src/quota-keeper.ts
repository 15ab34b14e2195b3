/**
 * The quota of the epoch that the source told last, and the slots that are taken from it.
 * @module
 */
import { EpochLedger } from "./epoch-ledger.ts";
import { Listeners } from "./listeners.ts";
import type { Slot } from "./message.ts";
import type { ResolvedOptions } from "./options.ts";
import type { LedgerRecord, QueuedRecord } from "./queue-store.ts";
import { type Quota, quotaOf, unknownQuota } from "./quota.ts";
import { type QuotaReading, wallClockSource } from "./quota-source.ts";
import type { Unit } from "./unit.ts";

export class QuotaKeeper {
  readonly #options: ResolvedOptions;
  readonly #ledger: EpochLedger;
  readonly #restoredAtMs: number;
  readonly #listeners = new Listeners<[quota: Quota]>();
  /** Undefined until the source has answered. */
  #reading: QuotaReading | undefined;
  #quota: Quota;

  constructor(options: ResolvedOptions, ledger: LedgerRecord | undefined, restoredAtMs: number | undefined) {
    this.#options = options;
    this.#ledger = new EpochLedger(ledger);
    this.#restoredAtMs = restoredAtMs ?? Number.NEGATIVE_INFINITY;
    this.#quota = unknownQuota(wallClockSource(options.epochMs / 1_000).read(options.clock.nowMs()) as QuotaReading);
  }

  get quota(): Quota {
    return this.#quota;
  }

  get isKnown(): boolean {
    return this.#reading !== undefined;
  }

  /** The epoch that the source told last is over, or it told none. */
  get isOver(): boolean {
    return this.#reading === undefined || this.#options.clock.nowMs() >= this.#reading.endsAtMs;
  }

  get endsAtMs(): number {
    return this.#quota.resetsAtMs;
  }

  get ledger(): LedgerRecord {
    return this.#ledger.toRecord();
  }

  observe(listener: (quota: Quota) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Asks the source. @returns what to wait for, if it does not answer at once */
  read(): Promise<void> | undefined {
    const { source, clock } = this.#options;
    const reading = source.read(clock.nowMs());
    if ("then" in reading) return reading.then((answer) => this.#learn(answer));
    this.#learn(reading);
    return undefined;
  }

  /** Whether a record holds a slot of this epoch, and one that is still good. */
  isOfEpoch({ slot }: QueuedRecord): boolean {
    return slot !== undefined && slot.epoch === this.#reading?.epoch && !this.#ledger.isClosed(slot.epoch);
  }

  /** Whether it may be transmitted without taking more: a slot beyond a limit that was lowered is none. */
  hasSlot(record: QueuedRecord): boolean {
    return this.isOfEpoch(record) && record.slot !== undefined && record.slot.index < this.#quota.total;
  }

  /** The records of a unit for one more attempt: with slots of this epoch, in memory only. */
  withSlots({ records, priority }: Unit): QueuedRecord[] {
    const { epoch = 0, used } = this.#reading ?? {};
    const count = records.reduce((sum, record) => sum + (this.hasSlot(record) ? 0 : 1), 0);
    const slots = this.#ledger.take(epoch, count, priority, used).values();
    if (count > 0) this.#change();
    return records.map((record) => {
      const slot: Slot | undefined = this.hasSlot(record) ? record.slot : slots.next().value;
      const { id, sequence, length, batch, attempts, submittedAtMs } = record;
      const rest = { ...(batch !== undefined && { batch }), ...(slot !== undefined && { slot }), submittedAtMs };
      return { id, sequence, priority, length, attempts: attempts + 1, ...rest };
    });
  }

  #learn(reading: QuotaReading): void {
    this.#reading = reading;
    const beganAtMs = reading.endsAtMs - this.#options.epochMs;
    if (beganAtMs <= this.#restoredAtMs) this.#ledger.close(reading.epoch);
    this.#change();
  }

  #change(): void {
    if (this.#reading === undefined) return;
    const before = this.#quota;
    const quota = quotaOf(this.#reading, this.#ledger, this.#options);
    this.#quota = quota;
    const isNew =
      quota.epoch !== before.epoch ||
      quota.used !== before.used ||
      quota.total !== before.total ||
      quota.level !== before.level;
    if (isNew) this.#listeners.tell(quota);
  }
}
