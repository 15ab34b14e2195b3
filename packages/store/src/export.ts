/**
 * A conversation as records of plain data, each of which `JSON.stringify` makes a line of JSON Lines.
 * @module
 */
import type { MessageRecord, MessageStore } from "./messages.ts";

/** `content` is base64 (RFC 4648). Times are milliseconds since the Unix epoch. */
export type ExportedMessage = Pick<MessageRecord, "id" | "conversationId" | "direction" | "status"> & {
  readonly lamport: number;
  readonly sentAtMs: number;
  readonly storedAtMs: number;
  readonly content: string;
  /** What `describe` gave. */
  readonly description?: unknown;
};

export type ExportOptions = {
  /** Adds what the content means, since a store does not know; plain data. */
  readonly describe?: (message: MessageRecord) => unknown;
};

const MESSAGES_PER_PAGE = 100;
const PIECE_LENGTH = 8_192;

/**
 * The messages of a conversation, oldest first, read page by page: each once, and what arrives meanwhile if its place is
 * behind what was read.
 *
 * @throws what the store and `describe` throw
 */
export async function* exportConversation(
  store: MessageStore,
  conversationId: string,
  { describe }: ExportOptions = {},
): AsyncGenerator<ExportedMessage, void, undefined> {
  // The oldest comes after a place before all others.
  let after: Pick<MessageRecord, "lamport" | "id"> | undefined = { lamport: 0, id: "" };
  while (after !== undefined) {
    const page: MessageRecord[] = await store.page(conversationId, { limit: MESSAGES_PER_PAGE, after });
    for (const message of page) yield toExported(message, describe);
    after = page.length < MESSAGES_PER_PAGE ? undefined : page.at(-1);
  }
}

function toExported(message: MessageRecord, describe: ExportOptions["describe"]): ExportedMessage {
  const { id, conversationId, direction, status, lamport, sentAtMs, storedAtMs } = message;
  const fields = { id, conversationId, direction, status, lamport, sentAtMs, storedAtMs };
  const description = describe?.(message);
  return { ...fields, content: toBase64(message.content), ...(description !== undefined && { description }) };
}

/** In browsers, too; in pieces, because arguments of a call are limited. */
function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += PIECE_LENGTH) {
    text += String.fromCharCode(...bytes.subarray(start, start + PIECE_LENGTH));
  }
  return btoa(text);
}
