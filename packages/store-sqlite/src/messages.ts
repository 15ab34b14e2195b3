/**
 * The reads of the message database.
 * @module
 */
import {
  type ConversationPageOptions,
  type ConversationRecord,
  type ConversationSummary,
  checkLimit,
  type ExpiredMessage,
  type HeldRecord,
  type ListOptions,
  type MessageEntry,
  type MessagePosition,
  type MessageRecord,
  type MessageState,
  type MessageStatus,
  type MessageStore,
  type OutboxEntry,
  type OutboxPriority,
  type OutboxRecord,
  type OutgoingRecord,
  type PageOptions,
  type SearchOptions,
  type SegmentRecord,
  type StatusChange,
  type StoreStatistics,
  type TransferRecord,
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import { Conversations } from "./conversations.ts";
import { Expiry } from "./expiry.ts";
import { MessageLife } from "./message-life.ts";
import { MessageLists } from "./message-lists.ts";
import { MessagePages } from "./message-pages.ts";
import { ENTRY, MESSAGE, type MessageEntryRow, type MessageRow, toEntry, toMessage } from "./message-row.ts";
import type { MessageSearch } from "./message-search.ts";
import { checkFound, checkOrder } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";
import { SentReader } from "./sent.ts";
import { Statistics } from "./statistics.ts";

type OutboxRow = {
  position: number;
  id: string;
  session_id: string;
  message_id: string | null;
  topic: string;
  length: number;
  priority: OutboxPriority;
  timestamp_ms: number | null;
  epoch: number | null;
  slot_index: number | null;
  attempts: number;
  not_before_ms: number | null;
  created_at_ms: number;
  purpose: OutboxRecord["purpose"];
};
type SegmentRow = {
  position: number;
  session_id: string;
  set_id: string;
  is_parity: number;
  segment_index: number;
  bytes: Uint8Array;
  stored_at_ms: number;
  lamport: number | null;
};

const OUTBOX = `SELECT position, id, session_id, message_id, topic, length(payload) AS length, priority, timestamp_ms, epoch,
  slot_index, attempts, not_before_ms, created_at_ms, purpose FROM outbox`;
/** What a session of before a restore would send stays where it is. */
const IS_FREE = "session_id NOT IN (SELECT session_id FROM restored_sessions)";
const OUTBOX_ROWS_PER_PAGE = 1_000;

/** A segment is as large as a Waku message at most, so a page stays within a few megabytes. */
const SEGMENTS_PER_PAGE = 32;

export class SqliteMessages implements MessageStore {
  readonly #sealer: Sealer;
  readonly #assertOpen: () => void;
  readonly #conversations: Conversations;
  readonly #pages: MessagePages<MessageRow>;
  readonly #entryPages: MessagePages<MessageEntryRow>;
  readonly #lists: MessageLists;
  readonly #expiry: Expiry;
  readonly #life: MessageLife;
  readonly #sent: SentReader;
  readonly #statistics: Statistics;
  readonly #search: MessageSearch;
  readonly #message: Statement<MessageRow>;
  readonly #incoming: Statement<MessageRow>;
  readonly #consumed: Statement<{ sequence: number }>;
  readonly #outbox: Statement<OutboxRow>;
  readonly #outboxPayload: Statement<{ id: string; payload: Uint8Array }>;
  readonly #quotaLedger: Statement<{ ledger: Uint8Array }>;
  readonly #restoredAt: Statement<{ restored_at_ms: number | null }>;
  readonly #pending: Statement<{ count: number }>;
  readonly #pendingIds: Statement<{ sds_id: string }>;
  readonly #outgoing: Statement<{ message_id: string; bytes: Uint8Array }>;
  readonly #sdsId: Statement<{ lamport: number }>;
  readonly #sdsState: Statement<{ state: Uint8Array }>;
  readonly #held: Statement<{ lamport: number; bytes: Uint8Array }>;
  readonly #segments: Statement<SegmentRow>;
  readonly #cursor: Statement<{ timestamp_ms: number }>;

  /** @param assertOpen - throws once the store is closed */
  constructor(connection: Connection, sealer: Sealer, search: MessageSearch, assertOpen: () => void) {
    this.#sealer = sealer;
    this.#assertOpen = assertOpen;
    this.#conversations = new Conversations(connection, sealer);
    this.#pages = new MessagePages(connection, MESSAGE);
    this.#entryPages = new MessagePages(connection, ENTRY);
    this.#lists = new MessageLists(connection, sealer);
    this.#expiry = new Expiry(connection);
    this.#life = new MessageLife(connection, sealer);
    this.#sent = new SentReader(connection, sealer);
    this.#statistics = new Statistics(connection);
    this.#search = search;
    this.#message = connection.statement(`${MESSAGE} WHERE id = ?`);
    this.#incoming = connection.statement(
      `${MESSAGE} WHERE status = 'received' AND sequence > ? ORDER BY sequence LIMIT ?`,
    );
    this.#consumed = connection.statement("SELECT sequence FROM consumed");
    this.#outbox = connection.statement(
      `${OUTBOX} WHERE position > ? AND ${IS_FREE} ORDER BY position LIMIT ${OUTBOX_ROWS_PER_PAGE}`,
    );
    this.#outboxPayload = connection.statement("SELECT id, payload FROM outbox WHERE id = ?");
    this.#quotaLedger = connection.statement("SELECT ledger FROM outbox_ledger");
    this.#restoredAt = connection.statement("SELECT restored_at_ms FROM lineage");
    this.#pending = connection.statement("SELECT count(*) AS count FROM outgoing WHERE message_id = ?");
    this.#pendingIds = connection.statement("SELECT sds_id FROM outgoing WHERE message_id = ?");
    this.#outgoing = connection.statement("SELECT message_id, bytes FROM outgoing WHERE session_id = ? AND sds_id = ?");
    this.#sdsId = connection.statement("SELECT lamport FROM sds_ids WHERE session_id = ? AND sds_id = ?");
    this.#sdsState = connection.statement("SELECT state FROM sds_states WHERE session_id = ?");
    this.#held = connection.statement("SELECT lamport, bytes FROM held WHERE session_id = ? AND sds_id = ?");
    this.#segments = connection.statement(
      `SELECT position, session_id, set_id, is_parity, segment_index, bytes, stored_at_ms, lamport
       FROM segments WHERE position > ? ORDER BY position LIMIT ${SEGMENTS_PER_PAGE}`,
    );
    this.#cursor = connection.statement("SELECT timestamp_ms FROM cursors WHERE topic = ?");
  }

  async conversations(): Promise<ConversationRecord[]> {
    this.#assertOpen();
    return this.#conversations.all();
  }

  async conversation(id: string): Promise<ConversationRecord | undefined> {
    this.#assertOpen();
    return this.#conversations.one(id);
  }

  async conversationPage(options: ConversationPageOptions): Promise<ConversationSummary[]> {
    this.#assertOpen();
    return this.#conversations.page(options);
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    this.#assertOpen();
    const row = this.#message.get(id);
    if (row === undefined) return undefined;
    checkFound("messages.id", row.id, id);
    return toMessage(row, this.#sealer);
  }

  async messageState(id: string): Promise<MessageState | undefined> {
    this.#assertOpen();
    return this.#life.stateOf(id);
  }

  async page(conversationId: string, options: PageOptions): Promise<MessageRecord[]> {
    this.#assertOpen();
    return this.#toMessages(this.#pages.page(conversationId, options));
  }

  async entryPage(conversationId: string, options: PageOptions): Promise<MessageEntry[]> {
    this.#assertOpen();
    return this.#entryPages.page(conversationId, options).map(toEntry);
  }

  async withStatus(status: MessageStatus, options: ListOptions): Promise<MessageRecord[]> {
    this.#assertOpen();
    return this.#toMessages(this.#lists.withStatus(status, options));
  }

  async entriesWithStatus(status: MessageStatus, options: ListOptions): Promise<MessageEntry[]> {
    this.#assertOpen();
    return this.#lists.entriesWithStatus(status, options).map(toEntry);
  }

  async withContentType(contentType: string, options: ListOptions): Promise<MessageRecord[]> {
    this.#assertOpen();
    return this.#toMessages(this.#lists.withContentType(contentType, options));
  }

  async search(query: string, options: SearchOptions): Promise<MessageRecord[]> {
    this.#assertOpen();
    return this.#search.search(query, options);
  }

  async nextExpiry(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#expiry.next();
  }

  async expired(nowMs: number, limit: number): Promise<ExpiredMessage[]> {
    this.#assertOpen();
    return this.#expiry.expired(nowMs, limit);
  }

  async statistics(): Promise<StoreStatistics> {
    this.#assertOpen();
    return this.#statistics.read();
  }

  async incomingAfter(sequence: number, limit: number): Promise<MessageRecord[]> {
    this.#assertOpen();
    checkLimit(limit);
    const rows = this.#incoming.all(sequence, limit);
    for (const row of rows) checkFound("messages.direction", row.direction, "incoming");
    return this.#toMessages(rows);
  }

  async statusChanges(after: number, limit: number): Promise<StatusChange[]> {
    this.#assertOpen();
    return this.#sent.statusChanges(after, limit);
  }

  async latest(): Promise<{ sequence: number; statusChange: number }> {
    this.#assertOpen();
    return this.#sent.latest();
  }

  async messageWithKey(conversationId: string, key: string): Promise<string | undefined> {
    this.#assertOpen();
    return this.#sent.messageWithKey(conversationId, key);
  }

  async consumed(): Promise<number> {
    this.#assertOpen();
    return this.#consumed.get()?.sequence ?? 0;
  }

  async *outbox(): AsyncGenerator<OutboxEntry, void, undefined> {
    let last = 0;
    while (true) {
      this.#assertOpen();
      const page = this.#outbox.all(last);
      checkOrder(page, last);
      for (const row of page) {
        yield toOutboxEntry(row);
        last = row.position;
      }
      if (page.length < OUTBOX_ROWS_PER_PAGE) return;
    }
  }

  async outboxPayload(id: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const row = this.#outboxPayload.get(id);
    if (row === undefined) return undefined;
    checkFound("outbox.id", row.id, id);
    return new Uint8Array(row.payload);
  }

  async quotaLedger(): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const row = this.#quotaLedger.get();
    return row && this.#sealer.unseal(row.ledger, "outbox_ledger", "ledger");
  }

  async restoredAtMs(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#restoredAt.get()?.restored_at_ms ?? undefined;
  }

  async pendingCount(messageId: string): Promise<number> {
    this.#assertOpen();
    return this.#pending.get(messageId)?.count ?? 0;
  }

  async pendingIds(messageId: string): Promise<string[]> {
    this.#assertOpen();
    return this.#pendingIds.all(messageId).map(({ sds_id: sdsId }) => sdsId);
  }

  async outgoing(sessionId: string, sdsId: string): Promise<OutgoingRecord | undefined> {
    this.#assertOpen();
    const row = this.#outgoing.get(sessionId, sdsId);
    if (row === undefined) return undefined;
    const bytes = this.#sealer.unseal(row.bytes, "outgoing", "bytes", sessionId, sdsId);
    return { sessionId, sdsId, messageId: row.message_id, bytes };
  }

  async knownSdsIds(sessionId: string, ids: readonly string[]): Promise<Set<string>> {
    this.#assertOpen();
    return new Set(ids.filter((id) => this.#sdsId.get(sessionId, id) !== undefined));
  }

  async sdsState(sessionId: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const row = this.#sdsState.get(sessionId);
    return row && this.#sealer.unseal(row.state, "sds_states", "state", sessionId);
  }

  async held(sessionId: string, sdsId: string): Promise<HeldRecord | undefined> {
    this.#assertOpen();
    const row = this.#held.get(sessionId, sdsId);
    if (row === undefined) return undefined;
    const bytes = this.#sealer.unseal(row.bytes, "held", "bytes", sessionId, sdsId);
    return { sessionId, sdsId, lamport: row.lamport, bytes };
  }

  async *segments(): AsyncGenerator<SegmentRecord, void, undefined> {
    let last = 0;
    while (true) {
      this.#assertOpen();
      const page = this.#segments.all(last);
      checkOrder(page, last);
      for (const row of page) {
        this.#assertOpen(); // the key is wiped at closing
        yield this.#toSegment(row);
        last = row.position;
      }
      if (page.length < SEGMENTS_PER_PAGE) return;
    }
  }

  async cursor(topic: string): Promise<number | undefined> {
    this.#assertOpen();
    return this.#cursor.get(topic)?.timestamp_ms;
  }

  async transfers(): Promise<TransferRecord[]> {
    this.#assertOpen();
    return this.#life.transfers();
  }

  async isRefused(messageId: string): Promise<boolean> {
    this.#assertOpen();
    return this.#life.isRefused(messageId);
  }

  async readUntil(conversationId: string): Promise<MessagePosition | undefined> {
    this.#assertOpen();
    return this.#life.readUntil(conversationId);
  }

  async deliveredUntil(conversationId: string, lamport: number, limit: number): Promise<string[]> {
    this.#assertOpen();
    return this.#life.deliveredUntil(conversationId, lamport, limit);
  }

  #toMessages(rows: readonly MessageRow[]): MessageRecord[] {
    return rows.map((row) => toMessage(row, this.#sealer));
  }

  #toSegment(row: SegmentRow): SegmentRecord {
    const { session_id: sessionId, set_id: setId, is_parity, segment_index: index, stored_at_ms: storedAtMs } = row;
    const bytes = this.#sealer.unseal(row.bytes, "segments", "bytes", sessionId, setId, is_parity, index);
    const lamport = row.lamport !== null && { lamport: row.lamport };
    return { sessionId, setId, index, isParity: is_parity === 1, bytes, storedAtMs, ...lamport };
  }
}

function toOutboxEntry(row: OutboxRow): OutboxEntry {
  const { epoch, slot_index: index, attempts, not_before_ms: notBeforeMs } = row;
  const transmission = epoch !== null &&
    index !== null && { epoch, index, attempts, ...(notBeforeMs !== null && { notBeforeMs }) };
  return {
    id: row.id,
    sessionId: row.session_id,
    ...(row.message_id !== null && { messageId: row.message_id }),
    topic: row.topic,
    length: row.length,
    priority: row.priority,
    ...(row.timestamp_ms !== null && { timestampMs: row.timestamp_ms }),
    ...(transmission && { transmission }),
    createdAtMs: row.created_at_ms,
    purpose: row.purpose,
  };
}
