/**
 * Every message that has not ended and where it is, every outcome that is remembered, and who is told of changes.
 * @module
 */
import { estimateMs } from "./estimate.ts";
import type { MessageStatus, Outcome } from "./message.ts";
import type { ResolvedOptions } from "./options.ts";
import type { EndedRecord, QueueChange, QueuedRecord } from "./queue-store.ts";
import type { Quota } from "./quota.ts";
import type { Schedule } from "./schedule.ts";
import { StatusBoard } from "./status-board.ts";
import { bytesIn, notBeforeMs, type Unit } from "./unit.ts";

/** How a message ended. */
export type Ending = readonly [record: QueuedRecord, outcome: Outcome];

export class MessageBook {
  readonly board: StatusBoard;
  readonly #options: ResolvedOptions;
  readonly #schedule: Schedule;
  /** By message. */
  readonly #units = new Map<string, Unit>();
  #messages = 0;
  #bytes = 0;

  constructor(options: ResolvedOptions, ended: readonly EndedRecord[], schedule: Schedule) {
    this.board = new StatusBoard(ended, options.maxEnded);
    this.#options = options;
    this.#schedule = schedule;
  }

  /** That have not ended. */
  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of a message that has not ended. */
  unit(id: string): Unit | undefined {
    return this.#units.get(id);
  }

  /** Whether the message has not ended, or how it ended is remembered. */
  has(id: string): boolean {
    return this.#units.has(id) || this.board.outcome(id) !== undefined;
  }

  admit(unit: Unit): void {
    for (const { id } of unit.records) this.#units.set(id, unit);
    this.#messages += unit.records.length;
    this.#bytes += bytesIn(unit);
  }

  /** Takes an admission back. */
  dismiss(unit: Unit): void {
    for (const record of unit.records) this.#remove(record);
  }

  /** What the store is to be told. */
  changesFor(endings: readonly Ending[]): QueueChange[] {
    const endedAtMs = this.#options.clock.nowMs();
    return endings.map(([{ id }, outcome]) => ({ kind: "end", record: { id, endedAtMs, outcome } }));
  }

  /** Of messages whose outcomes are durable. @returns the ids of outcomes that are forgotten for it */
  end(endings: readonly Ending[]): string[] {
    for (const [record, outcome] of endings) {
      this.#remove(record);
      this.board.end(record.id, outcome);
      this.board.tell(record.id, outcome);
    }
    return this.board.forgetOldest();
  }

  tell(unit: Unit, quota: Quota): void {
    if (!this.board.isObserved) return;
    for (const { id } of unit.records) {
      const status = this.board.isOneObserved(id) ? this.status(id, quota) : undefined;
      if (status !== undefined) this.board.tell(id, status);
    }
  }

  status(id: string, quota: Quota): MessageStatus | undefined {
    const unit = this.#units.get(id);
    if (unit === undefined) return this.board.outcome(id);
    const index = unit.records.findIndex((record) => record.id === id);
    const record = unit.records[index];
    if (record === undefined || unit.state === "storing") return undefined;
    const { slot, attempts: attempt, notBeforeMs: retryAtMs } = record;
    if (unit.state === "under-way" && slot !== undefined) return { kind: "passing", slot, attempt };
    const { problem } = unit;
    if (problem !== undefined && retryAtMs !== undefined) {
      return { kind: "failed", problem, willRetry: true, retryAtMs };
    }
    return this.#queued(unit, index, quota);
  }

  #queued(unit: Unit, index: number, quota: Quota): MessageStatus {
    const before = this.#schedule.messagesBefore(unit);
    const { epochMs, clock } = this.#options;
    const estimatedAtMs = estimateMs(before + unit.records.length, unit.priority, quota, epochMs, clock.nowMs());
    const position = before + index;
    if (estimatedAtMs === undefined) return { kind: "queued", position };
    return { kind: "queued", position, estimatedAtMs: Math.max(estimatedAtMs, notBeforeMs(unit)) };
  }

  #remove({ id, length }: QueuedRecord): void {
    this.#units.delete(id);
    this.#messages -= 1;
    this.#bytes -= length;
  }
}
