/**
 * What goes as a whole or not at all: one message, or a batch.
 * @module
 */
import type { Priority } from "./message.ts";
import type { QueuedRecord } from "./queue-store.ts";

export type Unit = {
  /** Of the batch, or of the one message. */
  readonly id: string;
  readonly priority: Priority;
  /** Of its first message. */
  readonly sequence: number;
  /** Those that have not ended, in order. Replaced as they change. */
  records: readonly QueuedRecord[];
};

/** @param records - by sequence */
export function unitsOf(records: readonly QueuedRecord[]): Unit[] {
  const units: (Unit & { records: QueuedRecord[] })[] = [];
  for (const record of records) {
    const { id, batch, priority, sequence } = record;
    const last = units.at(-1);
    if (batch !== undefined && batch.id === last?.id) last.records.push(record);
    else units.push({ id: batch?.id ?? id, priority, sequence, records: [record] });
  }
  return units;
}

export function bytesIn({ records }: Unit): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

/** Some of its messages have ended, so it can only go on in its slots. */
export function isHalf({ records: [first, ...rest] }: Unit): boolean {
  return 1 + rest.length < (first?.batch?.size ?? 1);
}

/** Transmissions so far; the same for all of it. */
export function attemptsOf({ records: [first] }: Unit): number {
  return first?.attempts ?? 0;
}
