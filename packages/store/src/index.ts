export { applyChange } from "./apply-change.ts";
export { checkAfter, checkBefore, checkLimit, checkNow } from "./check.ts";
export { StoreError, type StoreErrorCode, type StoreHolder } from "./errors.ts";
export { type ExportedMessage, type ExportOptions, exportConversation } from "./export.ts";
export { type MemoryStoreOptions, openMemoryStore } from "./memory-store.ts";
export type {
  ConversationRecord,
  HeldRecord,
  MessageEntry,
  MessageRecord,
  MessageState,
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
  SegmentRecord,
  StatusChange,
  TransferRecord,
} from "./messages.ts";
export { olderAround, type PagePlace, placeOfPage } from "./page-place.ts";
export type {
  ConversationDeletion,
  ConversationPageOptions,
  ConversationSummary,
  ExpiredMessage,
  ListOptions,
  MessagePosition,
  PageOptions,
  SearchOptions,
  SearchSettings,
  StoreStatistics,
} from "./queries.ts";
export { matchesWords, type SearchWord, wordsOfQuery, wordsOfText } from "./search-text.ts";
export type { InviteRecord, PeerRecord, SecretStore, SecretWriter, SessionRecord } from "./secrets.ts";
export { nextStatus } from "./status.ts";
export type { Store, StoreTransaction } from "./store.ts";
