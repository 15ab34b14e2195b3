/**
 * Every message that has not ended and where it is, every outcome that is remembered, and who is told of changes.
 * @module
 */
import { estimateMs } from "./estimate.ts";
import type { DeliveryProblem, MessageStatus, Outcome } from "./message.ts";
import type { ResolvedOptions } from "./options.ts";
import type { EndedRecord, QueueChange, QueuedRecord } from "./queue-store.ts";
import type { Quota } from "./quota.ts";
import type { Schedule } from "./schedule.ts";
import { StatusBoard } from "./status-board.ts";
import { bytesIn, type Unit } from "./unit.ts";

/** How a message ended. */
export type Ending = readonly [record: QueuedRecord, outcome: Outcome];

/** `problem`: what the last attempt met. */
type Place = { readonly unit: Unit; readonly state: "waiting" | "under-way"; readonly problem?: DeliveryProblem };

export class MessageBook {
  readonly board: StatusBoard;
  readonly #options: ResolvedOptions;
  readonly #schedule: Schedule;
  /** By message. */
  readonly #places = new Map<string, Place>();
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

  /** Counts a unit that is not placed yet. */
  admit(unit: Unit): void {
    this.#messages += unit.records.length;
    this.#bytes += bytesIn(unit);
  }

  /** Takes an admission back. */
  dismiss(unit: Unit): void {
    this.#messages -= unit.records.length;
    this.#bytes -= bytesIn(unit);
  }

  place(unit: Unit, state: Place["state"], problem?: DeliveryProblem): void {
    const place: Place = { unit, state, ...(problem !== undefined && { problem }) };
    for (const { id } of unit.records) this.#places.set(id, place);
  }

  /** The unit of a message that waits. */
  waitingUnit(id: string): Unit | undefined {
    const place = this.#places.get(id);
    return place?.state === "waiting" ? place.unit : undefined;
  }

  /** @returns what the store is to be told */
  end(endings: readonly Ending[]): QueueChange[] {
    const endedAtMs = this.#options.clock.nowMs();
    return endings.flatMap(([record, outcome]): QueueChange[] => {
      this.#places.delete(record.id);
      this.#messages -= 1;
      this.#bytes -= record.length;
      const forgotten = this.board.end(record.id, outcome);
      const change: QueueChange = { kind: "end", record: { id: record.id, endedAtMs, outcome } };
      return forgotten.length === 0 ? [change] : [change, { kind: "forget", ids: forgotten }];
    });
  }

  /** Whether the message has not ended, or how it ended is remembered. */
  has(id: string): boolean {
    return this.#places.has(id) || this.board.outcome(id) !== undefined;
  }

  tell(unit: Unit, quota: Quota): void {
    for (const { id } of unit.records) {
      // A position takes a walk through the queue: only for whoever listens.
      const status = this.board.isObserved(id) ? this.status(id, quota) : undefined;
      if (status !== undefined) this.board.tell(id, status);
    }
  }

  status(id: string, quota: Quota): MessageStatus | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return this.board.outcome(id);
    const { unit, state, problem } = place;
    const index = unit.records.findIndex((record) => record.id === id);
    const record = unit.records[index];
    if (record === undefined) return undefined;
    const { slot, attempts: attempt, notBeforeMs: retryAtMs } = record;
    if (state === "under-way" && slot !== undefined) return { kind: "passing", slot, attempt };
    if (problem !== undefined && retryAtMs !== undefined)
      return { kind: "failed", problem, willRetry: true, retryAtMs };
    const before = this.#schedule.messagesBefore(unit);
    const { epochMs, clock } = this.#options;
    const estimatedAtMs = estimateMs(before + unit.records.length, unit.priority, quota, epochMs, clock.nowMs());
    return { kind: "queued", position: before + index, ...(estimatedAtMs !== undefined && { estimatedAtMs }) };
  }
}
