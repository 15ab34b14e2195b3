/**
 * What may be submitted.
 * @module
 */
import { RateLimitError } from "./errors.ts";
import { PRIORITIES, type Priority } from "./message.ts";
import type { MessageBook } from "./message-book.ts";
import type { ResolvedOptions } from "./options.ts";
import type { QueuedRecord } from "./queue-store.ts";
import { type Quota, shareOf } from "./quota.ts";
import { bytesIn, type Unit, unitOf } from "./unit.ts";

export type NewMessage = {
  /** Copied. */
  readonly bytes: Uint8Array;
  /** Stands for these bytes for ever: submitting it again is submitting nothing new. @default a random one */
  readonly id?: string;
};

/** A message that the store holds already. */
export type StoredMessage = {
  readonly id: string;
  /** Of its bytes. */
  readonly length: number;
  /** @default "normal" */
  readonly priority?: Priority;
};

/** @throws {@link RateLimitError} `INVALID_OPTION` */
export function storedUnit({ id, length, priority = "normal" }: StoredMessage, sequence: number, nowMs: number): Unit {
  checkPriority(priority);
  return unitOf([{ id, sequence, priority, length, attempts: 0, submittedAtMs: nowMs }]);
}

export function newUnit(
  [first, ...others]: readonly [Required<NewMessage>, ...Required<NewMessage>[]],
  priority: Priority,
  sequence: number,
  nowMs: number,
  batchId?: string,
): Unit {
  const batch = batchId === undefined ? {} : { batch: { id: batchId, size: 1 + others.length } };
  const recordOf = ({ id, bytes: { length } }: Required<NewMessage>, index: number): QueuedRecord => {
    return { id, sequence: sequence + index, priority, length, ...batch, attempts: 0, submittedAtMs: nowMs };
  };
  return unitOf([recordOf(first, 0), ...others.map((other, index) => recordOf(other, 1 + index))]);
}

/** @throws {@link RateLimitError} `INVALID_OPTION`, `BATCH_TOO_LARGE`, `QUEUE_FULL` */
export function assertRoom(unit: Unit, quota: Quota, book: MessageBook, options: ResolvedOptions): void {
  const { priority, records } = unit;
  const { maxQueuedMessages, maxQueuedBytes } = options;
  checkPriority(priority);
  if (isTooLarge(unit, quota)) {
    const share = shareOf(priority, quota);
    throw new RateLimitError("BATCH_TOO_LARGE", `batch: want ≤ ${share} messages, got ${records.length}`);
  }
  const messages = book.messages + records.length;
  if (messages > maxQueuedMessages) {
    throw new RateLimitError("QUEUE_FULL", `queue: want ≤ ${maxQueuedMessages} messages, got ${messages}`);
  }
  const bytes = book.bytes + bytesIn(unit);
  if (bytes > maxQueuedBytes) {
    throw new RateLimitError("QUEUE_FULL", `queue: want ≤ ${maxQueuedBytes} bytes, got ${bytes}`);
  }
}

/** Whether no epoch can hold it with this limit. A limit of 0 says that there is none for now, and not that. */
export function isTooLarge({ priority, records }: Unit, quota: Quota): boolean {
  return records.length > 1 && quota.total > 0 && records.length > shareOf(priority, quota);
}

function checkPriority(priority: Priority): void {
  if (PRIORITIES.includes(priority)) return;
  throw new RateLimitError("INVALID_OPTION", `priority: want one of ${PRIORITIES.join(", ")}, got ${priority}`);
}
