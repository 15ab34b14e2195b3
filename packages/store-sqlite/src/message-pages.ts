/**
 * Pages of a conversation, from any place in both directions.
 * @module
 */
import { type MessagePosition, olderAround, type PageOptions, placeOfPage, StoreError } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { MessageEntryRow } from "./message-row.ts";
import { checkFound } from "./read-check.ts";

/** @typeParam Row - whole messages, or entries */
export class MessagePages<Row extends MessageEntryRow> {
  readonly #position: Statement<MessagePosition>;
  readonly #newest: Statement<Row>;
  readonly #older: Statement<Row>;
  readonly #newer: Statement<Row>;
  readonly #from: Statement<Row>;

  /** @param select - of rows of messages, to be followed by WHERE */
  constructor(connection: Connection, select: string) {
    const inOne = "conversation = (SELECT position FROM conversations WHERE id = ?)";
    const [backwards, forwards] = ["ORDER BY lamport DESC, id DESC LIMIT ?", "ORDER BY lamport, id LIMIT ?"];
    this.#position = connection.statement(`SELECT lamport, id FROM messages WHERE id = ? AND ${inOne}`);
    this.#newest = connection.statement(`${select} WHERE ${inOne} ${backwards}`);
    this.#older = connection.statement(`${select} WHERE ${inOne} AND (lamport, id) < (?, ?) ${backwards}`);
    this.#newer = connection.statement(`${select} WHERE ${inOne} AND (lamport, id) > (?, ?) ${forwards}`);
    this.#from = connection.statement(`${select} WHERE ${inOne} AND (lamport, id) >= (?, ?) ${forwards}`);
  }

  /** Oldest first. */
  page(conversationId: string, options: PageOptions): Row[] {
    const rows = this.#rows(conversationId, options);
    for (const row of rows) checkFound("messages.conversation", row.conversation_id, conversationId);
    return rows;
  }

  #rows(conversationId: string, options: PageOptions): Row[] {
    const { limit } = options;
    const place = placeOfPage(options);
    if (place.kind === "newest") return this.#newest.all(conversationId, limit).reverse();
    const { lamport, id } = this.#positionOf(place.kind, place.at, conversationId);
    if (place.kind === "after") return this.#newer.all(conversationId, lamport, id, limit);
    if (place.kind === "before") return this.#older.all(conversationId, lamport, id, limit).reverse();
    const half = olderAround(limit);
    const older = half === 0 ? [] : this.#older.all(conversationId, lamport, id, half).reverse();
    return [...older, ...this.#from.all(conversationId, lamport, id, limit - older.length)];
  }

  #positionOf(name: string, at: string | MessagePosition, conversationId: string): MessagePosition {
    if (typeof at !== "string") return at;
    const position = this.#position.get(at, conversationId);
    if (position !== undefined) {
      checkFound("messages.id", position.id, at);
      return position;
    }
    throw new StoreError("INVALID_OPTION", `${name}: want the id of a message of the conversation, got another`);
  }
}
