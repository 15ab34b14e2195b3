/**
 * The writes of the message database. They get valid records only: see `applyChange` in @chat/store.
 * @module
 */
import {
  type ConversationDeletion,
  type ConversationRecord,
  type HeldRecord,
  type MessageStatus,
  type MessageWriter,
  type NewMessageRecord,
  nextStatus,
  type OutboxPriority,
  type OutboxRecord,
  type OutboxTransmission,
  type OutgoingRecord,
  type OutgoingStatus,
  type SegmentRecord,
  StoreError,
  type TransferRecord,
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { Erased } from "./erased.ts";
import { MessageDeleter } from "./message-deleter.ts";
import { tagOfType } from "./message-lists.ts";
import type { Sealer } from "./sealer.ts";
import { SentWriter } from "./sent.ts";

type PlaceRow = { position: number; activity: number; read_sequence: number };

export class SqliteMessageWriter implements MessageWriter {
  readonly #sealer: Sealer;
  readonly #deleter: MessageDeleter;
  readonly #sent: SentWriter;
  readonly #putConversation: Statement<never>;
  readonly #conversation: Statement<PlaceRow>;
  readonly #highestActivity: Statement<{ activity: number }>;
  readonly #touch: Statement<never>;
  readonly #contentType: Statement<{ number: number }>;
  readonly #putContentType: Statement<never>;
  readonly #newestSequence: Statement<{ sequence: number }>;
  readonly #countReceived: Statement<{ count: number }>;
  readonly #setRead: Statement<never>;
  readonly #setExpiry: Statement<never>;
  readonly #status: Statement<{ status: MessageStatus }>;
  readonly #putMessage: Statement<never>;
  readonly #setStatus: Statement<never>;
  readonly #setConsumed: Statement<never>;
  readonly #putOutbox: Statement<never>;
  readonly #stampOutbox: Statement<never>;
  readonly #setTransmission: Statement<never>;
  readonly #setOutboxPriority: Statement<never>;
  readonly #deleteOutbox: Statement<never>;
  readonly #putQuotaLedger: Statement<never>;
  readonly #putOutgoing: Statement<never>;
  readonly #deleteOutgoing: Statement<never>;
  readonly #logSdsId: Statement<never>;
  readonly #putSdsState: Statement<never>;
  readonly #putHeld: Statement<never>;
  readonly #deleteHeld: Statement<never>;
  readonly #putSegment: Statement<never>;
  readonly #deleteSegments: Statement<never>;
  readonly #setCursor: Statement<never>;
  readonly #putTransfer: Statement<never>;
  readonly #deleteTransfer: Statement<never>;

  /** @param erased - is told what goes */
  constructor(connection: Connection, sealer: Sealer, erased: Erased) {
    this.#sealer = sealer;
    this.#deleter = new MessageDeleter(connection, sealer, erased);
    this.#sent = new SentWriter(connection, sealer);
    this.#putConversation = connection.statement(
      `INSERT INTO conversations (id, peer, created_at_ms, activity) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET peer = excluded.peer, created_at_ms = excluded.created_at_ms`,
    );
    this.#conversation = connection.statement(
      "SELECT position, activity, read_sequence FROM conversations WHERE id = ?",
    );
    this.#highestActivity = connection.statement("SELECT activity FROM conversations ORDER BY activity DESC LIMIT 1");
    this.#touch = connection.statement("UPDATE conversations SET activity = ?, unread = unread + ? WHERE position = ?");
    this.#contentType = connection.statement("SELECT number FROM content_types WHERE tag = ?");
    this.#putContentType = connection.statement("INSERT INTO content_types (tag) VALUES (?)");
    this.#newestSequence = connection.statement("SELECT sequence FROM messages ORDER BY sequence DESC LIMIT 1");
    this.#countReceived = connection.statement(
      `SELECT count(*) AS count FROM messages WHERE conversation = ? AND status = 'received' AND sequence > ?
       AND sequence <= ?`,
    );
    this.#setRead = connection.statement(
      "UPDATE conversations SET read_sequence = ?, unread = unread - ? WHERE position = ?",
    );
    this.#setExpiry = connection.statement(
      "UPDATE messages SET expires_at_ms = ? WHERE id = ? AND coalesce(expires_at_ms > ?, TRUE)",
    );
    this.#status = connection.statement("SELECT status FROM messages WHERE id = ?");
    this.#putMessage = connection.statement(
      `INSERT INTO messages (id, conversation, direction, status, content, lamport, sent_at_ms, stored_at_ms, content_type,
       expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#setStatus = connection.statement("UPDATE messages SET status = ? WHERE id = ?");
    this.#setConsumed = connection.statement(
      `INSERT INTO consumed (id, sequence) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET sequence = max(sequence, excluded.sequence)`,
    );
    this.#putOutbox = connection.statement(
      `INSERT INTO outbox (id, session_id, message_id, topic, payload, priority, timestamp_ms, epoch, slot_index, attempts,
       not_before_ms, created_at_ms, purpose) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    );
    this.#stampOutbox = connection.statement(
      "UPDATE outbox SET timestamp_ms = ? WHERE id = ? AND timestamp_ms IS NULL",
    );
    this.#setTransmission = connection.statement(
      "UPDATE outbox SET epoch = ?, slot_index = ?, attempts = ?, not_before_ms = ? WHERE id = ?",
    );
    this.#setOutboxPriority = connection.statement("UPDATE outbox SET priority = ? WHERE id = ?");
    this.#putQuotaLedger = connection.statement(
      "INSERT INTO outbox_ledger (id, ledger) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET ledger = excluded.ledger",
    );
    this.#deleteOutbox = connection.statement("DELETE FROM outbox WHERE id = ?");
    this.#putOutgoing = connection.statement(
      `INSERT INTO outgoing (session_id, sds_id, message_id, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (session_id, sds_id) DO UPDATE SET message_id = excluded.message_id, bytes = excluded.bytes`,
    );
    this.#deleteOutgoing = connection.statement("DELETE FROM outgoing WHERE session_id = ? AND sds_id = ?");
    this.#logSdsId = connection.statement(
      "INSERT INTO sds_ids (session_id, sds_id, lamport) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#putSdsState = connection.statement(
      `INSERT INTO sds_states (session_id, state) VALUES (?, ?)
       ON CONFLICT (session_id) DO UPDATE SET state = excluded.state`,
    );
    this.#putHeld = connection.statement(
      `INSERT INTO held (session_id, sds_id, lamport, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (session_id, sds_id) DO UPDATE SET lamport = excluded.lamport, bytes = excluded.bytes`,
    );
    this.#deleteHeld = connection.statement("DELETE FROM held WHERE session_id = ? AND sds_id = ?");
    this.#putSegment = connection.statement(
      `INSERT INTO segments (session_id, set_id, is_parity, segment_index, bytes, stored_at_ms, lamport)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, set_id, is_parity, segment_index)
       DO UPDATE SET bytes = excluded.bytes, stored_at_ms = excluded.stored_at_ms, lamport = excluded.lamport`,
    );
    this.#deleteSegments = connection.statement("DELETE FROM segments WHERE session_id = ? AND set_id = ?");
    this.#setCursor = connection.statement(
      `INSERT INTO cursors (topic, timestamp_ms) VALUES (?, ?)
       ON CONFLICT (topic) DO UPDATE SET timestamp_ms = excluded.timestamp_ms`,
    );
    this.#putTransfer = connection.statement(
      `INSERT INTO transfers (message_id, session_id, length, segment_size, total, made, after_sds_id, is_paused)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET session_id = excluded.session_id,
       length = excluded.length, segment_size = excluded.segment_size, total = excluded.total, made = excluded.made,
       after_sds_id = excluded.after_sds_id, is_paused = excluded.is_paused`,
    );
    this.#deleteTransfer = connection.statement("DELETE FROM transfers WHERE message_id = ?");
  }

  putConversation({ id, peer, createdAtMs }: ConversationRecord): void {
    const sealed = this.#sealer.seal(new TextEncoder().encode(peer), "conversations", "peer", id);
    this.#putConversation.run(id, sealed, createdAtMs, this.#topActivity() + 1);
  }

  putMessage(record: NewMessageRecord): void {
    const { id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs, expiresAtMs } = record;
    // Asked first, because an ignored INSERT, too, would use up a sequence.
    if (this.#status.get(id) !== undefined) return;
    if (direction === "incoming" && this.#deleter.wasDeleted(id)) return;
    const conversation = this.#conversation.get(conversationId);
    if (conversation === undefined) {
      throw new StoreError(
        "INVALID_RECORD",
        "message.conversationId: want a conversation put before, got an unknown one",
      );
    }
    const { position, activity } = conversation;
    this.#putMessage.run(
      id,
      position,
      direction,
      status,
      this.#sealer.seal(content, "messages", "content", id),
      lamport,
      sentAtMs,
      storedAtMs,
      record.contentType === undefined ? null : this.#numberOf(record.contentType),
      expiresAtMs ?? null,
    );
    if (direction === "outgoing") this.#sent.step(id);
    if (record.key !== undefined) this.#sent.putKey(id, conversationId, record.key);
    const top = this.#topActivity();
    const isFirst = activity === top;
    const unread = direction === "incoming" ? 1 : 0;
    if (!isFirst || unread > 0) this.#touch.run(isFirst ? activity : top + 1, unread, position);
  }

  setStatus(messageId: string, status: OutgoingStatus): void {
    const current = this.#status.get(messageId)?.status;
    if (current === undefined) return;
    const next = nextStatus(current, status);
    if (next === current) return;
    this.#setStatus.run(next, messageId);
    this.#sent.step(messageId);
  }

  setConsumed(sequence: number): void {
    this.#setConsumed.run(sequence);
  }

  setRead(conversationId: string, sequence: number): void {
    const conversation = this.#conversation.get(conversationId);
    if (conversation === undefined) return;
    const { position, read_sequence: from } = conversation;
    const to = Math.min(sequence, this.#newestSequence.get()?.sequence ?? 0);
    if (to <= from) return;
    this.#setRead.run(to, this.#countReceived.get(position, from, to)?.count ?? 0, position);
  }

  setExpiry(messageId: string, expiresAtMs: number): void {
    this.#setExpiry.run(expiresAtMs, messageId, expiresAtMs);
  }

  deleteMessage(id: string, deletedAtMs: number): void {
    this.#deleter.deleteMessage(id, deletedAtMs);
  }

  deleteConversation(deletion: ConversationDeletion): void {
    this.#deleter.deleteConversation(deletion);
  }

  deleteSession(sessionId: string): void {
    this.#deleter.deleteSession(sessionId);
  }

  deleteUnsent(sessionId: string): void {
    this.#deleter.deleteUnsent(sessionId);
  }

  deleteExpired(nowMs: number, limit: number): void {
    this.#deleter.deleteExpired(nowMs, limit);
  }

  forgetDeleted(beforeMs: number): void {
    this.#deleter.forget(beforeMs);
  }

  deleteAll(): void {
    this.#deleter.deleteAll();
  }

  putOutbox(record: OutboxRecord): void {
    const { id, sessionId, messageId = null, topic, payload, priority, timestampMs = null, createdAtMs } = record;
    const { epoch = null, index = null, attempts = 0, notBeforeMs = null } = record.transmission ?? {};
    this.#putOutbox.run(
      id,
      sessionId,
      messageId,
      topic,
      payload,
      priority,
      timestampMs,
      epoch,
      index,
      attempts,
      notBeforeMs,
      createdAtMs,
      record.purpose,
    );
  }

  stampOutbox(id: string, timestampMs: number): void {
    this.#stampOutbox.run(timestampMs, id);
  }

  setTransmission(id: string, { epoch, index, attempts, notBeforeMs }: OutboxTransmission): void {
    this.#setTransmission.run(epoch, index, attempts, notBeforeMs ?? null, id);
  }

  setOutboxPriority(id: string, priority: OutboxPriority): void {
    this.#setOutboxPriority.run(priority, id);
  }

  putQuotaLedger(ledger: Uint8Array): void {
    this.#putQuotaLedger.run(this.#sealer.seal(ledger, "outbox_ledger", "ledger"));
  }

  deleteOutbox(id: string): void {
    this.#deleteOutbox.run(id);
  }

  putOutgoing({ sessionId, sdsId, messageId, bytes }: OutgoingRecord): void {
    const sealed = this.#sealer.seal(bytes, "outgoing", "bytes", sessionId, sdsId);
    this.#putOutgoing.run(sessionId, sdsId, messageId, sealed);
  }

  deleteOutgoing(sessionId: string, sdsId: string): void {
    this.#deleteOutgoing.run(sessionId, sdsId);
  }

  logSdsId(sessionId: string, sdsId: string, lamport: number): void {
    this.#logSdsId.run(sessionId, sdsId, lamport);
  }

  putSdsState(sessionId: string, state: Uint8Array): void {
    this.#putSdsState.run(sessionId, this.#sealer.seal(state, "sds_states", "state", sessionId));
  }

  putHeld({ sessionId, sdsId, lamport, bytes }: HeldRecord): void {
    this.#putHeld.run(sessionId, sdsId, lamport, this.#sealer.seal(bytes, "held", "bytes", sessionId, sdsId));
  }

  deleteHeld(sessionId: string, sdsId: string): void {
    this.#deleteHeld.run(sessionId, sdsId);
  }

  putSegment({ sessionId, setId, index, isParity, bytes, storedAtMs, lamport }: SegmentRecord): void {
    const parity = isParity ? 1 : 0;
    const sealed = this.#sealer.seal(bytes, "segments", "bytes", sessionId, setId, parity, index);
    this.#putSegment.run(sessionId, setId, parity, index, sealed, storedAtMs, lamport ?? null);
  }

  deleteSegments(sessionId: string, setId: string): void {
    this.#deleteSegments.run(sessionId, setId);
  }

  setCursor(topic: string, timestampMs: number): void {
    this.#setCursor.run(topic, timestampMs);
  }

  putTransfer(record: TransferRecord): void {
    const { messageId, sessionId, length, segmentSize, total, made, after = null, isPaused } = record;
    this.#putTransfer.run(messageId, sessionId, length, segmentSize, total, made, after, isPaused ? 1 : 0);
  }

  deleteTransfer(messageId: string): void {
    this.#deleteTransfer.run(messageId);
  }

  deleteParts(messageId: string): void {
    this.#deleter.deleteParts(messageId);
  }

  refuse(messageId: string, refusedAtMs: number): void {
    this.#deleter.refuse(messageId, refusedAtMs);
  }

  #topActivity(): number {
    return this.#highestActivity.get()?.activity ?? 0;
  }

  /** A number that stands for the content type. */
  #numberOf(contentType: string): number {
    const tag = tagOfType(this.#sealer, contentType);
    const known = this.#contentType.get(tag);
    if (known !== undefined) return known.number;
    this.#putContentType.run(tag);
    return this.#numberOf(contentType);
  }
}
