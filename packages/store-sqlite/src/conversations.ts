/**
 * The reads of conversations.
 * @module
 */
import {
  type ConversationPageOptions,
  type ConversationRecord,
  type ConversationSummary,
  checkBefore,
  checkLimit,
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import { MESSAGE, type MessageRow, toMessage } from "./message-row.ts";
import { checkFound } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

type ConversationRow = { id: string; peer: Uint8Array; created_at_ms: number };
type SummaryRow = ConversationRow & { position: number; activity: number; read_sequence: number; unread: number };

export class Conversations {
  readonly #sealer: Sealer;
  readonly #all: Statement<ConversationRow>;
  readonly #one: Statement<ConversationRow>;
  readonly #page: Statement<SummaryRow>;
  readonly #last: Statement<MessageRow>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    const columns = "id, peer, created_at_ms";
    this.#all = connection.statement(`SELECT ${columns} FROM conversations ORDER BY position`);
    this.#one = connection.statement(`SELECT ${columns} FROM conversations WHERE id = ?`);
    this.#page = connection.statement(
      `SELECT ${columns}, position, activity, read_sequence, unread FROM conversations WHERE activity < ?
       ORDER BY activity DESC LIMIT ?`,
    );
    this.#last = connection.statement(`${MESSAGE} WHERE conversation = ? ORDER BY lamport DESC, id DESC LIMIT 1`);
  }

  all(): ConversationRecord[] {
    return this.#all.all().map((row) => this.#toRecord(row));
  }

  one(id: string): ConversationRecord | undefined {
    const row = this.#one.get(id);
    if (row === undefined) return undefined;
    checkFound("conversations.id", row.id, id);
    return this.#toRecord(row);
  }

  page({ limit, before }: ConversationPageOptions): ConversationSummary[] {
    checkLimit(limit);
    checkBefore(before);
    return this.#page.all(before ?? Number.MAX_SAFE_INTEGER, limit).map((row) => {
      const last = this.#last.get(row.position);
      if (last !== undefined) checkFound("messages.conversation", last.conversation_id, row.id);
      return {
        ...this.#toRecord(row),
        activity: row.activity,
        unreadCount: row.unread,
        readSequence: row.read_sequence,
        ...(last && { last: toMessage(last, this.#sealer) }),
      };
    });
  }

  #toRecord({ id, peer, created_at_ms: createdAtMs }: ConversationRow): ConversationRecord {
    return { id, peer: this.#sealer.unsealText(peer, "conversations", "peer", id), createdAtMs };
  }
}
