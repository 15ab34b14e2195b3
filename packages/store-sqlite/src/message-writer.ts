/**
 * The writes of the message database. They get valid records only: see `applyChange` in @chat/store.
 * @module
 */
import {
  type ConversationRecord,
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
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { Sealer } from "./sealer.ts";

export class SqliteMessageWriter implements MessageWriter {
  readonly #sealer: Sealer;
  readonly #putConversation: Statement<never>;
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
  readonly #putSegment: Statement<never>;
  readonly #deleteSegments: Statement<never>;
  readonly #setCursor: Statement<never>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    this.#putConversation = connection.statement(
      `INSERT INTO conversations (id, peer, created_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET peer = excluded.peer, created_at_ms = excluded.created_at_ms`,
    );
    this.#status = connection.statement("SELECT status FROM messages WHERE id = ?");
    this.#putMessage = connection.statement(
      `INSERT INTO messages (id, conversation_id, direction, status, content, lamport, sent_at_ms, stored_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
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
    this.#putSegment = connection.statement(
      `INSERT INTO segments (session_id, set_id, is_parity, segment_index, bytes, stored_at_ms)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, set_id, is_parity, segment_index)
       DO UPDATE SET bytes = excluded.bytes, stored_at_ms = excluded.stored_at_ms`,
    );
    this.#deleteSegments = connection.statement("DELETE FROM segments WHERE session_id = ? AND set_id = ?");
    this.#setCursor = connection.statement(
      `INSERT INTO cursors (topic, timestamp_ms) VALUES (?, ?)
       ON CONFLICT (topic) DO UPDATE SET timestamp_ms = excluded.timestamp_ms`,
    );
  }

  putConversation({ id, peer, createdAtMs }: ConversationRecord): void {
    const sealed = this.#sealer.seal(new TextEncoder().encode(peer), "conversations", "peer", id);
    this.#putConversation.run(id, sealed, createdAtMs);
  }

  putMessage(record: NewMessageRecord): void {
    const { id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs } = record;
    // Asked first, because an ignored INSERT, too, would use up a sequence.
    if (this.#status.get(id) !== undefined) return;
    const sealed = this.#sealer.seal(content, "messages", "content", id);
    this.#putMessage.run(id, conversationId, direction, status, sealed, lamport, sentAtMs, storedAtMs);
  }

  setStatus(messageId: string, status: OutgoingStatus): void {
    const current = this.#status.get(messageId)?.status;
    if (current === undefined) return;
    const next = nextStatus(current, status);
    if (next !== current) this.#setStatus.run(next, messageId);
  }

  setConsumed(sequence: number): void {
    this.#setConsumed.run(sequence);
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

  putSegment({ sessionId, setId, index, isParity, bytes, storedAtMs }: SegmentRecord): void {
    const parity = isParity ? 1 : 0;
    const sealed = this.#sealer.seal(bytes, "segments", "bytes", sessionId, setId, parity, index);
    this.#putSegment.run(sessionId, setId, parity, index, sealed, storedAtMs);
  }

  deleteSegments(sessionId: string, setId: string): void {
    this.#deleteSegments.run(sessionId, setId);
  }

  setCursor(topic: string, timestampMs: number): void {
    this.#setCursor.run(topic, timestampMs);
  }
}
