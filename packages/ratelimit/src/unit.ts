/**
 * What goes as a whole or not at all: one message, or a batch.
 * @module
 */
import type { DeliveryProblem, Priority } from "./message.ts";
import type { QueuedRecord } from "./queue-store.ts";

export type Unit = {
  readonly priority: Priority;
  /** Of its first message. */
  readonly sequence: number;
  /** Those that had not ended when it was taken up, in order. Replaced as they change. */
  records: readonly QueuedRecord[];
  /** `storing`, `taking` and `ending`: the store is asked to hold it, its slots or its end, and may refuse. */
  state: "storing" | "waiting" | "taking" | "under-way" | "ending";
  /** What the last attempt met. */
  problem: DeliveryProblem | undefined;
  /** While it is `storing` or `ending`: settles with that. */
  settling: Promise<unknown> | undefined;
};

/** @param records - one, or those of a batch, by sequence */
export function unitOf(records: readonly [QueuedRecord, ...QueuedRecord[]]): Unit {
  const [{ priority, sequence }] = records;
  return { priority, sequence, records, state: "storing", problem: undefined, settling: undefined };
}

/** @param records - by sequence */
export function unitsOf(records: readonly QueuedRecord[]): Unit[] {
  const units: Unit[] = [];
  let batch: [QueuedRecord, ...QueuedRecord[]] | undefined;
  for (const record of records) {
    if (batch !== undefined && batch[0].batch?.id === record.batch?.id) batch.push(record);
    else {
      const own: [QueuedRecord, ...QueuedRecord[]] = [record];
      units.push(unitOf(own));
      batch = record.batch && own;
    }
  }
  return units;
}

export function bytesIn({ records }: Unit): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

/** Some of its messages have ended, so it can only go on in its slots. */
export function isHalf({ records }: Unit): boolean {
  return records.length < (records[0]?.batch?.size ?? 1);
}

/** Transmissions so far; the same for all of it. */
export function attemptsOf({ records }: Unit): number {
  return records[0]?.attempts ?? 0;
}

/** It held slots once, of this epoch or another. */
export function wasAttempted({ records }: Unit): boolean {
  return records[0]?.slot !== undefined;
}

/** Unix time in milliseconds before which it is not tried again. */
export function notBeforeMs({ records }: Unit): number {
  return records[0]?.notBeforeMs ?? 0;
}
