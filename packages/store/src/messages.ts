/**
 * The message database: conversations, messages, outbox, SDS logs, partial segment sets and cursors.
 * The store knows none of the protocols behind these; payloads are opaque bytes.
 * @module
 */

import type {
  ConversationDeletion,
  ConversationPageOptions,
  ConversationSummary,
  ExpiredMessage,
  ListOptions,
  MessagePosition,
  PageOptions,
  SearchOptions,
  StoreStatistics,
} from "./queries.ts";

/** `peer` is the account id of the other side. */
export type ConversationRecord = { readonly id: string; readonly peer: string; readonly createdAtMs: number };

/**
 * How far an outgoing message has come; `dropped` was never sent, because quota was low, and `cancelled` not to its end,
 * because one of both people did not want it.
 */
export type OutgoingStatus = "queued" | "sent" | "delivered" | "read" | "failed" | "cancelled" | "dropped";
/** An incoming message is always `received`. */
export type MessageStatus = OutgoingStatus | "received";

export type MessageRecord = {
  readonly id: string;
  readonly conversationId: string;
  readonly direction: "incoming" | "outgoing";
  readonly status: MessageStatus;
  /** Opaque; sealed at rest by stores that write to a disk. */
  readonly content: Uint8Array;
  readonly lamport: number;
  /** By the sender's clock. */
  readonly sentAtMs: number;
  readonly storedAtMs: number;
  /** From when on it may be deleted by {@link MessageWriter.deleteExpired}; absent if it stays. */
  readonly expiresAtMs?: number;
  /** Assigned by the store on insert: growing over all messages of the database from 1 on, never reused. */
  readonly sequence: number;
};
/** A message without its content, which may be large. */
export type MessageEntry = Omit<MessageRecord, "content">;

/** Where a message belongs, and how far it has come. */
export type MessageState = Pick<MessageRecord, "conversationId" | "direction" | "status" | "lamport">;

export type NewMessageRecord = Omit<MessageRecord, "sequence"> & {
  /** For {@link MessageStore.withContentType} only: on a disk, nobody can read it, and it is not read back. */
  readonly contentType?: string;
  /**
   * Of an outgoing message: names it for {@link MessageStore.messageWithKey}, within its conversation, as long as it is there.
   * On a disk, nobody can read it, and it is not read back. If another message has it already, that one keeps it.
   */
  readonly key?: string;
};

/** How far an outgoing message has come, with the place of the last step among those of all messages. */
export type StatusChange = {
  /** Grows over all steps of the database from 1 on, never reused. */
  readonly number: number;
  readonly messageId: string;
  readonly conversationId: string;
  readonly status: OutgoingStatus;
};

/** What goes first when the network takes less than there is. */
export type OutboxPriority = "critical" | "normal" | "optional";

/** How far the rate limit has let a row come: the last place in the quota of an epoch that was taken for it. */
export type OutboxTransmission = {
  readonly epoch: number;
  readonly index: number;
  readonly attempts: number;
  readonly notBeforeMs?: number;
};

export type OutboxRecord = {
  readonly id: string;
  readonly sessionId: string;
  /** The message this belongs to; absent for what belongs to none, such as an acknowledgement. */
  readonly messageId?: string;
  readonly topic: string;
  /** The envelope, already encrypted. */
  readonly payload: Uint8Array;
  readonly priority: OutboxPriority;
  /** The Waku timestamp, once pinned. */
  readonly timestampMs?: number;
  readonly transmission?: OutboxTransmission;
  readonly createdAtMs: number;
  /** `signal`: what is of no use later, and never sent again. */
  readonly purpose: "content" | "acknowledgement" | "retransmission" | "signal";
};

/** A row of the outbox with the length of its payload instead of the payload. */
export type OutboxEntry = Omit<OutboxRecord, "payload"> & { readonly length: number };

/** The SDS bytes of one part of an outgoing message, kept until the peer acknowledges it. */
export type OutgoingRecord = {
  readonly sessionId: string;
  readonly sdsId: string;
  readonly messageId: string;
  /** Sealed at rest. */
  readonly bytes: Uint8Array;
};

/** An outgoing message of many parts, which are made a few at a time. It goes with its message. */
export type TransferRecord = {
  readonly messageId: string;
  /** On which its parts travel. */
  readonly sessionId: string;
  /** Bytes of all parts together. */
  readonly length: number;
  /** How it is cut: equal sizes give equal parts. */
  readonly segmentSize: number;
  /** Parts in all, and how many of them are made. */
  readonly total: number;
  readonly made: number;
  /** SDS id of the part before the next one. */
  readonly after?: string;
  readonly isPaused: boolean;
};

/** One received segment of a set that is not complete yet. `index` counts data and parity segments apart. */
export type SegmentRecord = {
  readonly sessionId: string;
  readonly setId: string;
  readonly index: number;
  readonly isParity: boolean;
  /** Sealed at rest. */
  readonly bytes: Uint8Array;
  readonly storedAtMs: number;
  /** Absent for those of before schema 9. */
  readonly lamport?: number;
};

/** A received SDS message whose content is not handed out before what it follows. */
export type HeldRecord = {
  readonly sessionId: string;
  readonly sdsId: string;
  readonly lamport: number;
  /** Its content. Sealed at rest. */
  readonly bytes: Uint8Array;
};

export interface MessageStore {
  /** In the order in which they were first put. */
  conversations(): Promise<ConversationRecord[]>;
  conversation(id: string): Promise<ConversationRecord | undefined>;
  /**
   * Newest activity first: the conversation that was begun, or got a message, last. Deleting messages changes no place.
   * A conversation that moves up between two pages is on neither of them, or on both: its new message says so.
   */
  conversationPage(options: ConversationPageOptions): Promise<ConversationSummary[]>;
  message(id: string): Promise<MessageRecord | undefined>;
  /** Of a message, without its content, which may be large. */
  messageState(id: string): Promise<MessageState | undefined>;
  /**
   * Messages of a conversation, oldest first, in the order (lamport, id): a page stays what it was while new messages
   * arrive.
   *
   * @throws {@link StoreError} `INVALID_OPTION` for a `limit` < 1, for more than one place to begin, or for the id of a
   *   message that is not in the conversation (any more: give the record itself, and it need not be)
   */
  page(conversationId: string, options: PageOptions): Promise<MessageRecord[]>;
  /** As {@link page}, without reading any content. */
  entryPage(conversationId: string, options: PageOptions): Promise<MessageEntry[]>;
  /** Newest first; `before` is a sequence. */
  withStatus(status: MessageStatus, options: ListOptions): Promise<MessageRecord[]>;
  /** As {@link withStatus}, without reading any content. */
  entriesWithStatus(status: MessageStatus, options: ListOptions): Promise<MessageEntry[]>;
  /** Messages that were put with this `contentType`. */
  withContentType(contentType: string, options: ListOptions): Promise<MessageRecord[]>;
  /**
   * Messages whose text has all the words of `query`, newest first. Any text is a query: what is neither letter nor digit
   * separates words. Case and accents make no difference; a word matches the beginning of one, and in scripts that
   * write no spaces (and in Hangul) any part.
   *
   * @throws {@link StoreError} `INVALID_OPTION` if the store was opened without search; the reason of `signal`
   */
  search(query: string, options: SearchOptions): Promise<MessageRecord[]>;
  /** The earliest `expiresAtMs` there is. Reads know no time: an expired message is read until it is deleted. */
  nextExpiry(): Promise<number | undefined>;
  /** What {@link MessageWriter.deleteExpired} would delete, in its order. */
  expired(nowMs: number, limit: number): Promise<ExpiredMessage[]>;
  statistics(): Promise<StoreStatistics>;
  /** Incoming messages with a higher sequence, in order of sequence: what a message stream reads. */
  incomingAfter(sequence: number, limit: number): Promise<MessageRecord[]>;
  /**
   * The last step of each outgoing message, if its number is higher: as {@link incomingAfter} for what was sent. An earlier
   * step of the same message is left out.
   */
  statusChanges(after: number, limit: number): Promise<StatusChange[]>;
  /** The highest sequence and the highest number of a step that there are; 0 without any. */
  latest(): Promise<{ readonly sequence: number; readonly statusChange: number }>;
  /** Id of the outgoing message that was put with this `key`. */
  messageWithKey(conversationId: string, key: string): Promise<string | undefined>;
  /** Sequence up to which the application has taken the incoming messages; 0 at first. */
  consumed(): Promise<number>;
  /**
   * Oldest first, that is in the order in which they were put; read page by page, as {@link segments}. Without rows of
   * restored sessions.
   */
  outbox(): AsyncIterable<OutboxEntry>;
  outboxPayload(id: string): Promise<Uint8Array | undefined>;
  /** How much of which epochs' quota is used; opaque here. */
  quotaLedger(): Promise<Uint8Array | undefined>;
  /**
   * When the database was last put back to an older state, in milliseconds by the clock of the machine; undefined if never.
   * Nobody knows how much is used of the quota of epochs that began before: use none of it.
   */
  restoredAtMs(): Promise<number | undefined>;
  /** How many outgoing parts of the message are not acknowledged yet. */
  pendingCount(messageId: string): Promise<number>;
  /** SDS ids of these parts, in no order. */
  pendingIds(messageId: string): Promise<string[]>;
  /** The stored SDS bytes of a part that is not acknowledged yet. */
  outgoing(sessionId: string, sdsId: string): Promise<OutgoingRecord | undefined>;
  /** Those of `ids` that {@link MessageWriter.logSdsId} has seen in the session. */
  knownSdsIds(sessionId: string, ids: readonly string[]): Promise<Set<string>>;
  sdsState(sessionId: string): Promise<Uint8Array | undefined>;
  held(sessionId: string, sdsId: string): Promise<HeldRecord | undefined>;
  /**
   * The partial sets, for feeding the reassembler after a restart, in the order in which they were put. Read
   * page by page: a segment that is there throughout comes exactly once, others may or may not.
   */
  segments(): AsyncIterable<SegmentRecord>;
  cursor(topic: string): Promise<number | undefined>;
  /** In the order in which they were first put. */
  transfers(): Promise<TransferRecord[]>;
  /** Whether an incoming message with this id stays away: it was deleted, or {@link MessageWriter.refuse}d. */
  isRefused(messageId: string): Promise<boolean>;
  /** The newest incoming message, in the order of {@link page}, before which none of the conversation is unread. */
  readUntil(conversationId: string): Promise<MessagePosition | undefined>;
  /** Ids of messages with status `delivered` and a Lamport time up to this one, in order of sequence. */
  deliveredUntil(conversationId: string, lamport: number, limit: number): Promise<string[]>;
}

/** Every method throws `INVALID_RECORD` for what breaks the rules of {@link Store}. */
export interface MessageWriter {
  /** Inserts or replaces. */
  putConversation(record: ConversationRecord): void;
  /**
   * Inserts the message and gives it the next sequence. If its id is there already, in whichever conversation,
   * that message is left as it is; an incoming one whose id was deleted stays away until {@link forgetDeleted}.
   * @throws {@link StoreError} `INVALID_RECORD` if the conversation is not there, or if direction and status disagree
   */
  putMessage(record: NewMessageRecord): void;
  /** Moves an outgoing message forward as {@link nextStatus} allows; any other change is ignored. */
  setStatus(messageId: string, status: OutgoingStatus): void;
  /** Never goes back: a lower sequence is ignored. */
  setConsumed(sequence: number): void;
  /**
   * The user has read the conversation up to this sequence: the highest one if it is higher than that, since nobody has
   * read what is still to come. Never goes back. An unknown conversation is ignored.
   */
  setRead(conversationId: string, sequence: number): void;
  /** For a time that starts when a message is read. The earlier one stays; an unknown message is ignored. */
  setExpiry(messageId: string, expiresAtMs: number): void;
  /**
   * With its outgoing parts and its rows of the outbox: what has not left does not leave. Of an incoming message, that it
   * was deleted is remembered. An unknown one is ignored.
   */
  deleteMessage(id: string, deletedAtMs: number): void;
  /** As {@link deleteMessage} does, all its messages and everything of its sessions but their secrets. */
  deleteConversation(deletion: ConversationDeletion): void;
  /** Everything of a session but its secrets: what it would still send, what it awaits, what it knows. Its messages stay. */
  deleteSession(sessionId: string): void;
  /** What a session would still send: its rows of the outbox, and its outgoing parts. */
  deleteUnsent(sessionId: string): void;
  /** As {@link deleteMessage} does, up to `limit` messages with `expiresAtMs` ≤ `nowMs`, in the order of expiry. */
  deleteExpired(nowMs: number, limit: number): void;
  /** Forgets what was deleted before: to be called when it can not arrive again any more. */
  forgetDeleted(beforeMs: number): void;
  /**
   * Everything but sequences, the consumed one among them, and the quota ledger: a place in an epoch that is taken twice costs
   * the sender its membership. Nothing is remembered of what was deleted.
   */
  deleteAll(): void;
  /** Inserts; a row whose id is there already is left as it is. */
  putOutbox(record: OutboxRecord): void;
  /** Pins the Waku timestamp; the first write wins. */
  stampOutbox(id: string, timestampMs: number): void;
  /** Replaces how far the row has come. A row that is not there stays away. */
  setTransmission(id: string, transmission: OutboxTransmission): void;
  setOutboxPriority(id: string, priority: OutboxPriority): void;
  deleteOutbox(id: string): void;
  /** Sealed at rest. */
  putQuotaLedger(ledger: Uint8Array): void;
  /** Inserts or replaces, by (sessionId, sdsId). */
  putOutgoing(record: OutgoingRecord): void;
  deleteOutgoing(sessionId: string, sdsId: string): void;
  /** An id of SDS, or another name that a session must know again. Idempotent; the first `lamport` stays. */
  logSdsId(sessionId: string, sdsId: string, lamport: number): void;
  putSdsState(sessionId: string, state: Uint8Array): void;
  /** Inserts or replaces, by (sessionId, sdsId). */
  putHeld(record: HeldRecord): void;
  deleteHeld(sessionId: string, sdsId: string): void;
  /** Inserts or replaces, by (sessionId, setId, isParity, index). */
  putSegment(record: SegmentRecord): void;
  deleteSegments(sessionId: string, setId: string): void;
  setCursor(topic: string, timestampMs: number): void;
  /** Inserts or replaces, by message. */
  putTransfer(record: TransferRecord): void;
  /** All of the message has arrived, or none of it is to. */
  deleteTransfer(messageId: string): void;
  /** What of a message would still be sent, at first or again: its outgoing parts, its rows of the outbox, its transfer. */
  deleteParts(messageId: string): void;
  /** An incoming message with this id stays away until {@link forgetDeleted}. */
  refuse(messageId: string, refusedAtMs: number): void;
}
