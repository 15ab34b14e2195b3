/**
 * The reads of how far messages have come: transfers, what is refused, what is read.
 * @module
 */
import { checkLimit, type MessagePosition, type MessageState, StoreError, type TransferRecord } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import { checkFound } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

type TransferRow = {
  message_id: string;
  session_id: string;
  length: number;
  segment_size: number;
  total: number;
  made: number;
  after_sds_id: string | null;
  is_paused: number;
};

type StateRow = Omit<MessageState, "conversationId"> & { id: string; conversation_id: string | null };

export class MessageLife {
  readonly #sealer: Sealer;
  readonly #state: Statement<StateRow>;
  readonly #transfers: Statement<TransferRow>;
  readonly #refused: Statement<{ deleted_at_ms: number }>;
  readonly #conversation: Statement<{ position: number; read_sequence: number }>;
  readonly #firstUnread: Statement<{ lamport: number | null }>;
  readonly #newestBefore: Statement<MessagePosition>;
  readonly #delivered: Statement<{ id: string }>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    this.#state = connection.statement(
      `SELECT id, (SELECT id FROM conversations WHERE position = conversation) AS conversation_id, direction, status, lamport
       FROM messages WHERE id = ?`,
    );
    this.#transfers = connection.statement(
      `SELECT message_id, session_id, length, segment_size, total, made, after_sds_id, is_paused FROM transfers ORDER BY position`,
    );
    this.#refused = connection.statement("SELECT deleted_at_ms FROM deleted_messages WHERE tag = ?");
    this.#conversation = connection.statement("SELECT position, read_sequence FROM conversations WHERE id = ?");
    this.#firstUnread = connection.statement(
      "SELECT min(lamport) AS lamport FROM messages WHERE conversation = ? AND status = 'received' AND sequence > ?",
    );
    this.#newestBefore = connection.statement(
      `SELECT lamport, id FROM messages WHERE conversation = ? AND lamport < ? AND direction = 'incoming'
       ORDER BY lamport DESC, id DESC LIMIT 1`,
    );
    // By status: with the plus sign, the index of pages is none for it, in which all that was ever read would be passed.
    this.#delivered = connection.statement(
      `SELECT id FROM messages WHERE conversation = ? AND status = 'delivered' AND +lamport <= ? ORDER BY sequence LIMIT ?`,
    );
  }

  stateOf(messageId: string): MessageState | undefined {
    const row = this.#state.get(messageId);
    if (row === undefined) return undefined;
    checkFound("messages.id", row.id, messageId);
    const { conversation_id: conversationId, direction, status, lamport } = row;
    if (typeof conversationId === "string") return { conversationId, direction, status, lamport };
    throw new StoreError("CORRUPT", "messages.conversation: want a conversation that is there, got another");
  }

  transfers(): TransferRecord[] {
    return this.#transfers.all().map((row) => ({
      messageId: row.message_id,
      sessionId: row.session_id,
      length: row.length,
      segmentSize: row.segment_size,
      total: row.total,
      made: row.made,
      ...(row.after_sds_id !== null && { after: row.after_sds_id }),
      isPaused: row.is_paused === 1,
    }));
  }

  isRefused(messageId: string): boolean {
    return this.#refused.get(this.#sealer.tag("deleted_messages", "tag", messageId)) !== undefined;
  }

  readUntil(conversationId: string): MessagePosition | undefined {
    const conversation = this.#conversation.get(conversationId);
    if (conversation === undefined) return undefined;
    const { position, read_sequence } = conversation;
    const firstUnread = this.#firstUnread.get(position, read_sequence)?.lamport ?? Number.MAX_SAFE_INTEGER;
    const newest = this.#newestBefore.get(position, firstUnread);
    return newest && { lamport: newest.lamport, id: newest.id };
  }

  deliveredUntil(conversationId: string, lamport: number, limit: number): string[] {
    checkLimit(limit);
    const conversation = this.#conversation.get(conversationId);
    if (conversation === undefined) return [];
    return this.#delivered.all(conversation.position, lamport, limit).map(({ id }) => id);
  }
}
