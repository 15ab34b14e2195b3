/**
 * What may be submitted.
 * @module
 */
import { RateLimitError } from "./errors.ts";
import { PRIORITIES, type Priority } from "./message.ts";
import type { MessageBook } from "./message-book.ts";
import type { ResolvedOptions } from "./options.ts";
import { type Quota, shareOf } from "./quota.ts";
import { bytesIn, type Unit } from "./unit.ts";

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
  return { id, priority, sequence, records: [{ id, sequence, priority, length, attempts: 0, submittedAtMs: nowMs }] };
}

export function newUnit(
  messages: readonly Required<NewMessage>[],
  priority: Priority,
  sequence: number,
  nowMs: number,
  batchId?: string,
): Unit {
  const records = messages.map(({ id, bytes }, index) => ({
    id,
    sequence: sequence + index,
    priority,
    length: bytes.length,
    ...(batchId !== undefined && { batch: { id: batchId, size: messages.length } }),
    attempts: 0,
    submittedAtMs: nowMs,
  }));
  return { id: batchId ?? messages[0]?.id ?? "", priority, sequence, records };
}

/** @throws {@link RateLimitError} `INVALID_OPTION`, `BATCH_TOO_LARGE`, `QUEUE_FULL` */
export function assertRoom(unit: Unit, quota: Quota, book: MessageBook, options: ResolvedOptions): void {
  const { priority, records } = unit;
  const { maxQueuedMessages, maxQueuedBytes } = options;
  checkPriority(priority);
  const share = shareOf(priority, quota);
  if (records.length > 1 && records.length > share) {
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

function checkPriority(priority: Priority): void {
  if (PRIORITIES.includes(priority)) return;
  throw new RateLimitError("INVALID_OPTION", `priority: want one of ${PRIORITIES.join(", ")}, got ${priority}`);
}
