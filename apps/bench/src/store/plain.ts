/**
 * The same bytes in plain better-sqlite3: no seal, no check, nothing but the statements, with the same durability.
 * @module
 */
import type { MessageRecord, NewMessageRecord } from "@chat/store";
import Database from "better-sqlite3";

/**
 * `bare`: rows in the order in which they come, found by nothing. `indexed`: by id, and by conversation and place in it,
 * so that what ours reads can be read.
 */
export type PlainKind = "bare" | "indexed";

export class Plain {
  readonly #database: Database.Database;
  readonly #message: Database.Statement;
  readonly #session: Database.Statement;
  readonly #cursor: Database.Statement;
  readonly #newest: Database.Statement;
  readonly #older: Database.Statement;
  readonly #conversations: Database.Statement;

  constructor(path: string, kind: PlainKind) {
    const database = new Database(path);
    this.#database = database;
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.exec(`
      CREATE TABLE IF NOT EXISTS messages (
        id TEXT NOT NULL, conversation_id TEXT NOT NULL, direction TEXT NOT NULL, status TEXT NOT NULL,
        content BLOB NOT NULL, lamport INTEGER NOT NULL, sent_at_ms INTEGER NOT NULL, stored_at_ms INTEGER NOT NULL
      );
      CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, peer TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, snapshot BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS cursors (topic TEXT PRIMARY KEY, timestamp_ms INTEGER NOT NULL);
    `);
    if (kind === "indexed") {
      database.exec(`
        CREATE UNIQUE INDEX IF NOT EXISTS messages_id ON messages (id);
        CREATE INDEX IF NOT EXISTS messages_page ON messages (conversation_id, lamport, id);
      `);
    }
    this.#message = database.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#session = database.prepare("INSERT OR REPLACE INTO sessions VALUES (?, ?)");
    this.#cursor = database.prepare("INSERT OR REPLACE INTO cursors VALUES (?, ?)");
    this.#conversations = database.prepare(
      `SELECT conversations.id, peer, messages.* FROM conversations JOIN messages ON messages.rowid = (
         SELECT rowid FROM messages WHERE conversation_id = conversations.id ORDER BY lamport DESC, id DESC LIMIT 1
       ) LIMIT ?`,
    );
    const page = "SELECT rowid, * FROM messages WHERE conversation_id = ?";
    this.#newest = database.prepare(`${page} ORDER BY lamport DESC, id DESC LIMIT ?`);
    this.#older = database.prepare(
      `${page} AND (lamport, id) < (SELECT lamport, id FROM messages WHERE id = ?) ORDER BY lamport DESC, id DESC LIMIT ?`,
    );
  }

  putConversation(id: string, peer: string): void {
    this.#database.prepare("INSERT INTO conversations VALUES (?, ?)").run(id, peer);
  }

  /** With the newest message of each. */
  conversations(limit: number): unknown[] {
    return this.#conversations.all(limit);
  }

  transaction(work: () => void): void {
    this.#database.transaction(work)();
  }

  put({ id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs }: NewMessageRecord): void {
    this.#message.run(id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs);
  }

  putSession(id: string, snapshot: Uint8Array): void {
    this.#session.run(id, snapshot);
  }

  setCursor(topic: string, timestampMs: number): void {
    this.#cursor.run(topic, timestampMs);
  }

  page(conversationId: string, limit: number, before?: string): Pick<MessageRecord, "id">[] {
    const rows =
      before === undefined ? this.#newest.all(conversationId, limit) : this.#older.all(conversationId, before, limit);
    return (rows as Pick<MessageRecord, "id">[]).reverse();
  }

  close(): void {
    this.#database.close();
  }
}
