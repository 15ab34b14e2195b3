/**
 * What can be asked of the message database beyond single records: lists, pages, search, expiry and counts. Every list comes
 * by pages, and a page is found by an index, however many messages there are.
 * @module
 */
import type { ConversationRecord, MessageRecord, MessageStatus } from "./messages.ts";

/** Where a message stands in its conversation. Every `MessageRecord` is one, also after its message was deleted. */
export type MessagePosition = { readonly lamport: number; readonly id: string };

/** At most one of `before`, `after` and `around`; without any, the newest. A string is the id of a message of the conversation. */
export type PageOptions = {
  /** Largest number of messages to return, an integer ≥ 1. */
  readonly limit: number;
  /** The newest of those that are older. */
  readonly before?: string | MessagePosition;
  /** The oldest of those that are newer. */
  readonly after?: string | MessagePosition;
  /** Up to ⌊limit / 2⌋ older ones, then this one and newer ones. */
  readonly around?: string | MessagePosition;
};

export type ConversationPageOptions = {
  /** Largest number of conversations to return, an integer ≥ 1. */
  readonly limit: number;
  /** The `activity` of the last one of the page before. */
  readonly before?: number;
};

export type ConversationSummary = ConversationRecord & {
  /** Grows over all conversations with each message; of no meaning but its order. */
  readonly activity: number;
  /** Incoming messages above {@link readSequence}. */
  readonly unreadCount: number;
  /** Up to where the application has said that its user has read; 0 at first. */
  readonly readSequence: number;
  /** The newest, as `page` orders them. */
  readonly last?: MessageRecord;
};

/** Newest first, that is by falling sequence. */
export type ListOptions = {
  /** Largest number of messages to return, an integer ≥ 1. */
  readonly limit: number;
  /** Only messages of this one. @default those of all */
  readonly conversationId?: string;
  /** Only messages with a lower sequence: that of the last one of the page before. */
  readonly before?: number;
};

export type SearchOptions = ListOptions & { readonly signal?: AbortSignal };

/** How messages get searchable. Without it, `search` throws `INVALID_OPTION`. */
export type SearchSettings = {
  /** The text of a message, undefined if it has none. Must not throw: one message would end every search. */
  readonly textOf: (message: MessageRecord) => string | undefined;
};

export type ExpiredMessage = { readonly id: string; readonly conversationId: string; readonly expiresAtMs: number };

export type StoreStatistics = {
  readonly conversations: number;
  readonly messages: number;
  readonly messagesByStatus: Readonly<Record<MessageStatus, number>>;
  readonly outbox: number;
  /** `storedAtMs` of the messages with the lowest and the highest sequence. */
  readonly oldestStoredAtMs?: number;
  readonly newestStoredAtMs?: number;
  /** Of the files, log included; 0 for a store without any. */
  readonly sizeBytes: number;
};

/** What goes with a conversation. The secrets of its sessions are for `SecretWriter.deleteSession`, in the same transaction. */
export type ConversationDeletion = {
  readonly id: string;
  /** All sessions of the conversation: their logs, states, segments, outgoing parts and outbox rows go, too. */
  readonly sessionIds: readonly string[];
  readonly deletedAtMs: number;
};
