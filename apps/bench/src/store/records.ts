/**
 * The messages of the benchmark: in so many conversations by turns, half of them incoming, equal on both sides.
 * @module
 */
import { createHash } from "node:crypto";
import type { NewMessageRecord } from "@chat/store";

export const CONVERSATIONS = 100;
export const CONTENT_BYTES = 200;
/** About what a ratchet state takes. */
export const SNAPSHOT_BYTES = 600;

export function conversationOf(index: number): string {
  return `conversation-${index % CONVERSATIONS}`;
}

export function messageOf(index: number): NewMessageRecord {
  const isIncoming = index % 2 === 0;
  return {
    id: idOf(index),
    conversationId: conversationOf(index),
    direction: isIncoming ? "incoming" : "outgoing",
    status: isIncoming ? "received" : "delivered",
    content: bytesOf(CONTENT_BYTES, index),
    lamport: index,
    sentAtMs: 1_700_000_000_000 + index,
    storedAtMs: 1_700_000_000_500 + index,
  };
}

/** 32 hexadecimal digits in no order, as of a hash. */
export function idOf(index: number): string {
  return createHash("md5").update(`message ${index}`).digest("hex");
}

/** No two alike, and nothing that an index or a page could save. */
export function bytesOf(length: number, index: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let state = (index + 1) >>> 0;
  for (let at = 0; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    view.setUint32(at, state);
  }
  return bytes;
}
