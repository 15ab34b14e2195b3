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

export const VOCABULARY = 50_000;
const SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo zu".split(" ");
const encoder = new TextEncoder();

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
    content: encoder.encode(textOf(index)),
    lamport: index,
    sentAtMs: 1_700_000_000_000 + index,
    storedAtMs: 1_700_000_000_500 + index,
  };
}

/** 32 hexadecimal digits in no order, as of a hash. */
export function idOf(index: number): string {
  return createHash("md5").update(`message ${index}`).digest("hex");
}

/** Words at random, few of them often and most of them hardly ever, as in a language. */
export function textOf(index: number): string {
  const next = randomOf(index);
  let text = "";
  while (text.length < CONTENT_BYTES) text += `${wordOf(Math.floor(VOCABULARY ** next()))} `;
  return text.slice(0, CONTENT_BYTES);
}

/** @param rank - 1 is the word that comes most often; the last ones come in about one message of ten thousand */
export function wordOf(rank: number): string {
  let word = "";
  for (let rest = rank; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length];
  }
  return word;
}

/** No two alike, and nothing that an index or a page could save. */
export function bytesOf(length: number, index: number): Uint8Array {
  const next = randomOf(index);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= length; at += 4) view.setUint32(at, next() * 2 ** 32);
  return bytes;
}

/** Numbers from 0 to below 1. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
