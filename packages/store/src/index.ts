export { applyChange } from "./apply-change.ts";
export { checkLimit } from "./check.ts";
export { StoreError, type StoreErrorCode, type StoreHolder } from "./errors.ts";
export { openMemoryStore } from "./memory-store.ts";
export type {
  ConversationRecord,
  MessageRecord,
  MessageStatus,
  MessageStore,
  MessageWriter,
  NewMessageRecord,
  OutboxEntry,
  OutboxPriority,
  OutboxRecord,
  OutboxTransmission,
  OutgoingRecord,
  OutgoingStatus,
  PageOptions,
  SegmentRecord,
} from "./messages.ts";
export type { InviteRecord, SecretStore, SecretWriter, SessionRecord } from "./secrets.ts";
export { nextStatus } from "./status.ts";
export type { Store, StoreTransaction } from "./store.ts";
