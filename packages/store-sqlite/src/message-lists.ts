/**
 * Lists of messages by what they are, newest first, from all conversations or one.
 * @module
 */
import { checkBefore, checkLimit, type ListOptions, type MessageStatus } from "@chat/store";
import type { Connection, Statement, Value } from "./connection.ts";
import { ENTRY, MESSAGE, type MessageEntryRow, type MessageRow } from "./message-row.ts";
import { checkFound } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

/** All messages with one value of a column, and those of one conversation. */
type Lists<Row> = { readonly all: Statement<Row>; readonly ofOne: Statement<Row> };

export class MessageLists {
  readonly #sealer: Sealer;
  readonly #byStatus: Lists<MessageRow>;
  readonly #entriesByStatus: Lists<MessageEntryRow>;
  readonly #byType: Lists<MessageRow>;
  readonly #contentType: Statement<{ number: number }>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    const newestFirst = "sequence < ? ORDER BY sequence DESC LIMIT ?";
    const listsBy = <Row extends MessageEntryRow>(select: string, column: string): Lists<Row> => ({
      all: connection.statement(`${select} WHERE ${column} = ? AND ${newestFirst}`),
      ofOne: connection.statement(
        `${select} WHERE ${column} = ? AND conversation = (SELECT position FROM conversations WHERE id = ?)
         AND ${newestFirst}`,
      ),
    });
    this.#byStatus = listsBy(MESSAGE, "status");
    this.#entriesByStatus = listsBy(ENTRY, "status");
    this.#byType = listsBy(MESSAGE, "content_type");
    this.#contentType = connection.statement("SELECT number FROM content_types WHERE tag = ?");
  }

  withStatus(status: MessageStatus, options: ListOptions): MessageRow[] {
    return listWithStatus(this.#byStatus, status, options);
  }

  entriesWithStatus(status: MessageStatus, options: ListOptions): MessageEntryRow[] {
    return listWithStatus(this.#entriesByStatus, status, options);
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

function listWithStatus<Row extends MessageEntryRow>(
  lists: Lists<Row>,
  status: MessageStatus,
  options: ListOptions,
): Row[] {
  const rows = list(lists, status, options);
  for (const row of rows) checkFound("messages.status", row.status, status);
  return rows;
}

function list<Row extends MessageEntryRow>(
  { all, ofOne }: Lists<Row>,
  value: Value,
  { limit, conversationId, before }: ListOptions,
): Row[] {
  checkLimit(limit);
  checkBefore(before);
  const end = before ?? Number.MAX_SAFE_INTEGER;
  if (conversationId === undefined) return all.all(value, end, limit);
  const rows = ofOne.all(value, conversationId, end, limit);
  for (const row of rows) checkFound("messages.conversation", row.conversation_id, conversationId);
  return rows;
}
