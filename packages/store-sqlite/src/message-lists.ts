/**
 * Lists of messages by what they are, newest first, from all conversations or one.
 * @module
 */
import { checkBefore, checkLimit, type ListOptions, type MessageStatus } from "@chat/store";
import type { Connection, Statement, Value } from "./connection.ts";
import { MESSAGE, type MessageRow } from "./message-row.ts";
import { checkFound } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

/** All messages with one value of a column, and those of one conversation. */
type Lists = { readonly all: Statement<MessageRow>; readonly ofOne: Statement<MessageRow> };

export class MessageLists {
  readonly #sealer: Sealer;
  readonly #byStatus: Lists;
  readonly #byType: Lists;
  readonly #contentType: Statement<{ number: number }>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    const newestFirst = "sequence < ? ORDER BY sequence DESC LIMIT ?";
    const listsBy = (column: string): Lists => ({
      all: connection.statement(`${MESSAGE} WHERE ${column} = ? AND ${newestFirst}`),
      ofOne: connection.statement(
        `${MESSAGE} WHERE ${column} = ? AND conversation = (SELECT position FROM conversations WHERE id = ?)
         AND ${newestFirst}`,
      ),
    });
    this.#byStatus = listsBy("status");
    this.#byType = listsBy("content_type");
    this.#contentType = connection.statement("SELECT number FROM content_types WHERE tag = ?");
  }

  withStatus(status: MessageStatus, options: ListOptions): MessageRow[] {
    const rows = list(this.#byStatus, status, options);
    for (const row of rows) checkFound("messages.status", row.status, status);
    return rows;
  }

  withContentType(contentType: string, options: ListOptions): MessageRow[] {
    const type = this.#contentType.get(tagOfType(this.#sealer, contentType))?.number ?? null;
    const rows = list(this.#byType, type, options);
    for (const row of rows) checkFound("messages.content_type", row.content_type, type);
    return rows;
  }
}

/** What is in the file in place of the name of a content type. */
export function tagOfType(sealer: Sealer, contentType: string): Uint8Array {
  return sealer.tag("content_types", "tag", contentType);
}

function list({ all, ofOne }: Lists, value: Value, { limit, conversationId, before }: ListOptions): MessageRow[] {
  checkLimit(limit);
  checkBefore(before);
  const end = before ?? Number.MAX_SAFE_INTEGER;
  if (conversationId === undefined) return all.all(value, end, limit);
  const rows = ofOne.all(value, conversationId, end, limit);
  for (const row of rows) checkFound("messages.conversation", row.conversation_id, conversationId);
  return rows;
}
