/**
 * The rules that a record must keep, the same for every store. Messages name the field and what is wrong with it,
 * never the value: a field may hold anything.
 * @module
 */
import { StoreError } from "./errors.ts";
import type {
  ConversationRecord,
  HeldRecord,
  NewMessageRecord,
  OutboxRecord,
  OutboxTransmission,
  OutgoingRecord,
  OutgoingStatus,
  SegmentRecord,
  TransferRecord,
} from "./messages.ts";
import type { ConversationDeletion } from "./queries.ts";

const OUTGOING_STATUSES: readonly OutgoingStatus[] = [
  ...(["queued", "sent", "delivered", "read"] as const),
  ...(["failed", "cancelled", "dropped"] as const),
];

/** Ids come from peers, too: the cap keeps one of them from growing an index without bound. */
const MAX_TEXT_LENGTH = 1024;

/** @throws {@link StoreError} `INVALID_OPTION` unless `limit` is a safe integer ≥ 1 */
export function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new StoreError("INVALID_OPTION", `limit: want an integer ≥ 1, got ${limit}`);
  }
}

/** @throws {@link StoreError} `INVALID_OPTION` unless `number` is a safe integer ≥ 0 */
export function checkAfter(number: number): void {
  if (!isCount(number)) throw new StoreError("INVALID_OPTION", `after: want an integer ≥ 0, got ${number}`);
}

/** @throws {@link StoreError} `INVALID_OPTION` unless `sequence` is absent or a safe integer ≥ 0 */
export function checkBefore(sequence: number | undefined): void {
  if (sequence !== undefined && !isCount(sequence)) {
    throw new StoreError("INVALID_OPTION", "before: want an integer ≥ 0, got another value");
  }
}

/** @throws {@link StoreError} `INVALID_OPTION` unless `nowMs` is a safe integer ≥ 0 */
export function checkNow(nowMs: number): void {
  if (!isCount(nowMs)) throw new StoreError("INVALID_OPTION", `nowMs: want an integer ≥ 0, got ${nowMs}`);
}

/** An id, topic or account. Ill-formed Unicode is refused because two such strings may become one in UTF-8. */
export function checkText(name: string, value: unknown): void {
  if (typeof value !== "string") throw invalid(name, `want a string, got ${typeof value}`);
  if (value.length < 1 || value.length > MAX_TEXT_LENGTH) {
    throw invalid(name, `want 1 to ${MAX_TEXT_LENGTH} UTF-16 units, got ${value.length}`);
  }
  if (!value.isWellFormed()) throw invalid(name, "want well-formed Unicode, got a lone surrogate");
}

/** A time, sequence, index or Lamport timestamp. */
export function checkInteger(name: string, value: unknown): void {
  if (!isCount(value)) {
    throw invalid(name, `want a safe integer ≥ 0, got ${typeof value === "number" ? value : typeof value}`);
  }
}

export function checkBytes(name: string, value: unknown): void {
  // By its tag, because `instanceof` fails for bytes of another realm (a frame, a jest sandbox).
  const tag = Object.prototype.toString.call(value);
  if (tag !== "[object Uint8Array]") throw invalid(name, `want a Uint8Array, got ${tag}`);
}

export function checkConversation(record: ConversationRecord): void {
  checkText("conversation.id", record.id);
  checkText("conversation.peer", record.peer);
  checkInteger("conversation.createdAtMs", record.createdAtMs);
}

export function checkMessage(record: NewMessageRecord): void {
  checkText("message.id", record.id);
  checkText("message.conversationId", record.conversationId);
  checkOneOf("message.direction", record.direction, ["incoming", "outgoing"]);
  const statuses = record.direction === "incoming" ? ["received"] : OUTGOING_STATUSES;
  checkOneOf(`message.status (${record.direction})`, record.status, statuses);
  checkBytes("message.content", record.content);
  checkInteger("message.lamport", record.lamport);
  checkInteger("message.sentAtMs", record.sentAtMs);
  checkInteger("message.storedAtMs", record.storedAtMs);
  if (record.expiresAtMs !== undefined) checkInteger("message.expiresAtMs", record.expiresAtMs);
  if (record.contentType !== undefined) checkText("message.contentType", record.contentType);
  if (record.key === undefined) return;
  checkText("message.key", record.key);
  if (record.direction !== "outgoing")
    throw invalid("message.key", "want it with an outgoing message, got an incoming one");
}

export function checkDeletion({ id, sessionIds, deletedAtMs }: ConversationDeletion): void {
  checkText("deletion.id", id);
  for (const sessionId of sessionIds) checkText("deletion.sessionIds", sessionId);
  checkInteger("deletion.deletedAtMs", deletedAtMs);
}

export function checkIdentityChoice(choice: string): void {
  checkOneOf("identity", choice, ["keep", "delete"]);
}

export function checkOutbox(record: OutboxRecord): void {
  checkText("outbox.id", record.id);
  checkText("outbox.sessionId", record.sessionId);
  if (record.messageId !== undefined) checkText("outbox.messageId", record.messageId);
  checkText("outbox.topic", record.topic);
  checkBytes("outbox.payload", record.payload);
  if (record.timestampMs !== undefined) checkInteger("outbox.timestampMs", record.timestampMs);
  checkPriority(record.priority);
  if (record.transmission !== undefined) checkTransmission(record.transmission);
  checkInteger("outbox.createdAtMs", record.createdAtMs);
  checkOneOf("outbox.purpose", record.purpose, ["content", "acknowledgement", "retransmission", "signal"]);
}

export function checkPriority(priority: string): void {
  checkOneOf("outbox.priority", priority, ["critical", "normal", "optional"]);
}

export function checkTransmission({ epoch, index, attempts, notBeforeMs }: OutboxTransmission): void {
  checkInteger("transmission.epoch", epoch);
  checkInteger("transmission.index", index);
  checkInteger("transmission.attempts", attempts);
  if (notBeforeMs !== undefined) checkInteger("transmission.notBeforeMs", notBeforeMs);
}

export function checkStatus(status: string): void {
  checkOneOf("status", status, OUTGOING_STATUSES);
}

export function checkOutgoing(record: OutgoingRecord): void {
  checkText("outgoing.sessionId", record.sessionId);
  checkText("outgoing.sdsId", record.sdsId);
  checkText("outgoing.messageId", record.messageId);
  checkBytes("outgoing.bytes", record.bytes);
}

export function checkHeld({ sessionId, sdsId, lamport, bytes }: HeldRecord): void {
  checkText("held.sessionId", sessionId);
  checkText("held.sdsId", sdsId);
  checkInteger("held.lamport", lamport);
  checkBytes("held.bytes", bytes);
}

export function checkSegment(record: SegmentRecord): void {
  checkText("segment.sessionId", record.sessionId);
  checkText("segment.setId", record.setId);
  checkInteger("segment.index", record.index);
  if (typeof record.isParity !== "boolean") {
    throw invalid("segment.isParity", `want a boolean, got ${typeof record.isParity}`);
  }
  checkBytes("segment.bytes", record.bytes);
  checkInteger("segment.storedAtMs", record.storedAtMs);
  if (record.lamport !== undefined) checkInteger("segment.lamport", record.lamport);
}

export function checkTransfer(record: TransferRecord): void {
  checkText("transfer.messageId", record.messageId);
  checkText("transfer.sessionId", record.sessionId);
  for (const field of ["length", "segmentSize", "total", "made"] as const)
    checkInteger(`transfer.${field}`, record[field]);
  if (record.made > record.total) throw invalid("transfer.made", `want ≤ ${record.total} (total), got ${record.made}`);
  if (record.after !== undefined) checkText("transfer.after", record.after);
  if (typeof record.isPaused !== "boolean") {
    throw invalid("transfer.isPaused", `want a boolean, got ${typeof record.isPaused}`);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw invalid(name, `want ${allowed.join(", ")}, got another value`);
}

function invalid(name: string, problem: string): StoreError {
  return new StoreError("INVALID_RECORD", `${name}: ${problem}`);
}
