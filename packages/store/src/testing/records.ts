/**
 * Records for the contract suites.
 * @module
 */
import type { NewMessageRecord, OutboxRecord, SegmentRecord } from "../messages.ts";

const MESSAGE = { conversationId: "c1", content: Uint8Array.of(1, 2), lamport: 3, sentAtMs: 4, storedAtMs: 5 };

export function incoming(id: string, fields: Partial<NewMessageRecord> = {}): NewMessageRecord {
  return { id, direction: "incoming", status: "received", ...MESSAGE, ...fields };
}

export function outgoing(id: string, fields: Partial<NewMessageRecord> = {}): NewMessageRecord {
  return { id, direction: "outgoing", status: "queued", ...MESSAGE, ...fields };
}

export function envelope(id: string, fields: Partial<OutboxRecord> = {}): OutboxRecord {
  const payload = bytes(1, 2, 3);
  const defaults = { sessionId: "s1", topic: "/a", payload, priority: "normal", createdAtMs: 1 } as const;
  return { id, ...defaults, purpose: "content", ...fields };
}

export function segment(setId: string, index: number, fields: Partial<SegmentRecord> = {}): SegmentRecord {
  return { sessionId: "s1", setId, index, isParity: false, bytes: bytes(index % 256), storedAtMs: 1, ...fields };
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
