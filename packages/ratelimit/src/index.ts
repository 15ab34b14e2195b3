export { type Clock, systemClock } from "./clock.ts";
export { DeliveryError, type DeliveryService, type Transmission } from "./delivery-service.ts";
export { RateLimitError, type RateLimitErrorCode } from "./errors.ts";
export { estimateMs } from "./estimate.ts";
export type { NewMessage, StoredMessage } from "./intake.ts";
export { RateLimitManager, type SubmitOptions } from "./manager.ts";
export { MemoryQueue, openMemoryQueue } from "./memory-queue-store.ts";
export type { DeliveryProblem, DropReason, MessageStatus, Outcome, Priority, Slot } from "./message.ts";
export type { RateLimitOptions } from "./options.ts";
export type {
  EndedRecord,
  EpochUsage,
  LedgerRecord,
  QueueChange,
  QueueContents,
  QueuedRecord,
  QueueStore,
} from "./queue-store.ts";
export { type Quota, roomFor } from "./quota.ts";
export { type QuotaReading, type QuotaSource, wallClockSource } from "./quota-source.ts";
export type { Submission } from "./submission.ts";
