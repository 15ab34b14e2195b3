/**
 * The row of a message, and the record that it stands for.
 * @module
 */
import { type MessageEntry, type MessageRecord, StoreError } from "@chat/store";
import type { Sealer } from "./sealer.ts";

export type MessageEntryRow = {
  sequence: number;
  id: string;
  conversation_id: string | null;
  direction: MessageRecord["direction"];
  status: MessageRecord["status"];
  lamport: number;
  sent_at_ms: number;
  stored_at_ms: number;
  content_type: number | null;
  expires_at_ms: number | null;
};
export type MessageRow = MessageEntryRow & { content: Uint8Array };

// The id of the conversation is looked up for each row, so that no join chooses another order.
const COLUMNS = `sequence, id, (SELECT id FROM conversations WHERE position = conversation) AS conversation_id,
  direction, status, lamport, sent_at_ms, stored_at_ms, content_type, expires_at_ms`;

/** For {@link MessageRow}. To be followed by WHERE. */
export const MESSAGE = `SELECT ${COLUMNS}, content FROM messages`;
/** For {@link MessageEntryRow}. To be followed by WHERE. */
export const ENTRY = `SELECT ${COLUMNS} FROM messages`;

/** @throws {@link StoreError} `CORRUPT` */
export function toMessage(row: MessageRow, sealer: Sealer): MessageRecord {
  return { ...toEntry(row), content: sealer.unseal(row.content, "messages", "content", row.id) };
}

/** @throws {@link StoreError} `CORRUPT` */
export function toEntry(row: MessageEntryRow): MessageEntry {
  if (typeof row.conversation_id !== "string") {
    throw new StoreError("CORRUPT", "messages.conversation: want a conversation that is there, got another");
  }
  return {
    id: row.id,
    conversationId: row.conversation_id,
    direction: row.direction,
    status: row.status,
    lamport: row.lamport,
    sentAtMs: row.sent_at_ms,
    storedAtMs: row.stored_at_ms,
    ...(row.expires_at_ms !== null && { expiresAtMs: row.expires_at_ms }),
    sequence: row.sequence,
  };
}
