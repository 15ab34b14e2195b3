/**
 * Deletion of messages, conversations and everything, within the caller's transaction. That an incoming message was deleted
 * is remembered by a keyed hash of its id: the id, a hash of what was said, would tell who knows the words.
 * @module
 */
import type { ConversationDeletion } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { Erased } from "./erased.ts";
import { checkFound, checkOrder } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

type DoomedRow = { sequence: number; id: string; conversation: number; direction: "incoming" | "outgoing" };

const ROWS_PER_STEP = 1_000;
const DOOMED = "SELECT sequence, id, conversation, direction FROM messages";
const UNSENT = ["outbox", "outgoing", "transfers"];
/** They name messages by their sequence, and go first. */
const SENT = ["status_changes", "sent_keys"];
const KNOWN = ["sds_ids", "sds_states", "held", "segments"];
/** Not `consumed` and not `outbox_ledger`: see `deleteAll` of the port. */
const EVERYTHING = [
  ...SENT,
  ...["messages", "content_types", "deleted_messages", "conversations", ...UNSENT],
  ...[...KNOWN, "cursors"],
];

export class MessageDeleter {
  readonly #erased: Erased;
  readonly #sealer: Sealer;
  readonly #message: Statement<DoomedRow>;
  readonly #expired: Statement<DoomedRow>;
  readonly #received: Statement<{ position: number; id: string }>;
  readonly #conversation: Statement<{ position: number }>;
  readonly #sentOfMessage: readonly Statement<never>[];
  readonly #deleteMessage: Statement<never>;
  readonly #noLongerUnread: Statement<never>;
  readonly #ofMessage: readonly Statement<never>[];
  readonly #ofConversation: readonly Statement<never>[];
  readonly #unsentOfSession: readonly Statement<never>[];
  readonly #knownOfSession: readonly Statement<never>[];
  readonly #all: readonly Statement<never>[];
  readonly #anyDeleted: Statement<{ deleted_at_ms: number }>;
  readonly #deleted: Statement<{ deleted_at_ms: number }>;
  readonly #remember: Statement<never>;
  readonly #forget: Statement<never>;

  /** @param erased - is told what goes */
  constructor(connection: Connection, sealer: Sealer, erased: Erased) {
    this.#sealer = sealer;
    this.#erased = erased;
    this.#message = connection.statement(`${DOOMED} WHERE id = ?`);
    this.#expired = connection.statement(`${DOOMED} WHERE expires_at_ms <= ? ORDER BY expires_at_ms, sequence LIMIT ?`);
    this.#received = connection.statement(
      `SELECT sequence AS position, id FROM messages WHERE conversation = ? AND status = 'received' AND sequence > ?
       ORDER BY sequence LIMIT ${ROWS_PER_STEP}`,
    );
    this.#conversation = connection.statement("SELECT position FROM conversations WHERE id = ?");
    this.#sentOfMessage = SENT.map((table) => connection.statement(`DELETE FROM ${table} WHERE sequence = ?`));
    this.#deleteMessage = connection.statement("DELETE FROM messages WHERE sequence = ?");
    this.#noLongerUnread = connection.statement(
      "UPDATE conversations SET unread = unread - 1 WHERE position = ? AND read_sequence < ?",
    );
    this.#ofMessage = UNSENT.map((table) => connection.statement(`DELETE FROM ${table} WHERE message_id = ?`));
    this.#ofConversation = [
      // These tables are short, and one conversation may have a million messages.
      ...UNSENT.map((table) =>
        connection.statement(
          `DELETE FROM ${table} WHERE ? = (SELECT conversation FROM messages WHERE id = ${table}.message_id)`,
        ),
      ),
      ...SENT.map((table) =>
        connection.statement(
          `DELETE FROM ${table} WHERE sequence IN (SELECT sequence FROM messages WHERE conversation = ?)`,
        ),
      ),
      connection.statement("DELETE FROM messages WHERE conversation = ?"),
      connection.statement("DELETE FROM conversations WHERE position = ?"),
    ];
    const ofSession = (table: string) => connection.statement(`DELETE FROM ${table} WHERE session_id = ?`);
    this.#unsentOfSession = UNSENT.map(ofSession);
    this.#knownOfSession = KNOWN.map(ofSession);
    this.#all = EVERYTHING.map((table) => connection.statement(`DELETE FROM ${table}`));
    this.#anyDeleted = connection.statement("SELECT deleted_at_ms FROM deleted_messages LIMIT 1");
    this.#deleted = connection.statement("SELECT deleted_at_ms FROM deleted_messages WHERE tag = ?");
    this.#remember = connection.statement(
      `INSERT INTO deleted_messages (tag, deleted_at_ms) VALUES (?, ?)
       ON CONFLICT (tag) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms`,
    );
    this.#forget = connection.statement("DELETE FROM deleted_messages WHERE deleted_at_ms < ?");
  }

  /** Whether an incoming message was deleted, and may not come back. */
  wasDeleted(id: string): boolean {
    return this.#anyDeleted.get() !== undefined && this.#deleted.get(this.#tagOf(id)) !== undefined;
  }

  deleteMessage(id: string, deletedAtMs: number): void {
    const message = this.#message.get(id);
    if (message === undefined) return;
    checkFound("messages.id", message.id, id);
    this.#delete(message, deletedAtMs);
  }

  deleteExpired(nowMs: number, limit: number): void {
    for (const message of this.#expired.all(nowMs, limit)) this.#delete(message, nowMs);
  }

  deleteConversation({ id, sessionIds, deletedAtMs }: ConversationDeletion): void {
    const position = this.#conversation.get(id)?.position;
    this.#erased.noteConversation(position);
    if (position !== undefined) {
      this.#rememberConversation(position, deletedAtMs);
      for (const statement of this.#ofConversation) statement.run(position);
    }
    for (const sessionId of sessionIds) this.deleteSession(sessionId);
  }

  deleteSession(sessionId: string): void {
    this.#erased.noteConversation(undefined);
    this.deleteUnsent(sessionId);
    for (const statement of this.#knownOfSession) statement.run(sessionId);
  }

  deleteUnsent(sessionId: string): void {
    for (const statement of this.#unsentOfSession) statement.run(sessionId);
  }

  deleteParts(messageId: string): void {
    for (const statement of this.#ofMessage) statement.run(messageId);
  }

  refuse(messageId: string, refusedAtMs: number): void {
    this.#remember.run(this.#tagOf(messageId), refusedAtMs);
  }

  deleteAll(): void {
    this.#erased.noteEverything();
    for (const statement of this.#all) statement.run();
  }

  forget(beforeMs: number): void {
    this.#forget.run(beforeMs);
  }

  #delete({ sequence, id, conversation, direction }: DoomedRow, deletedAtMs: number): void {
    this.#erased.note(sequence);
    for (const statement of this.#sentOfMessage) statement.run(sequence);
    this.#deleteMessage.run(sequence);
    this.deleteParts(id);
    if (direction === "outgoing") return;
    this.#noLongerUnread.run(conversation, sequence);
    this.refuse(id, deletedAtMs);
  }

  #rememberConversation(position: number, deletedAtMs: number): void {
    let last = 0;
    while (true) {
      const rows = this.#received.all(position, last);
      checkOrder(rows, last);
      for (const row of rows) {
        this.refuse(row.id, deletedAtMs);
        last = row.position;
      }
      if (rows.length < ROWS_PER_STEP) return;
    }
  }

  #tagOf(id: string): Uint8Array {
    return this.#sealer.tag("deleted_messages", "tag", id);
  }
}
