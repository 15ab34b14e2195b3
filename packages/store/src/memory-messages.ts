/**
 * The message database in memory.
 * @module
 */
import { copyBytes } from "./bytes.ts";
import { checkLimit } from "./check.ts";
import { StoreError } from "./errors.ts";
import { type Journal, Table } from "./memory-table.ts";
import type {
  ConversationRecord,
  MessageRecord,
  MessageStore,
  MessageWriter,
  NewMessageRecord,
  OutboxEntry,
  OutboxPriority,
  OutboxRecord,
  OutboxTransmission,
  OutgoingRecord,
  OutgoingStatus,
  PageOptions,
  SegmentRecord,
} from "./messages.ts";
import { nextStatus } from "./status.ts";

export class MessageTables {
  readonly journal: Journal;
  readonly conversations: Table<ConversationRecord>;
  readonly messages: Table<MessageRecord>;
  /** Message ids in order of sequence, that of sequence 1 first. */
  readonly log: string[] = [];
  /** One row at most, under the empty key. */
  readonly consumed: Table<number>;
  readonly outbox: Table<OutboxRecord>;
  readonly outgoing: Table<OutgoingRecord>;
  readonly sdsIds: Table<number>;
  readonly sdsStates: Table<Uint8Array>;
  readonly segments: Table<SegmentRecord>;
  readonly cursors: Table<number>;
  /** One row at most, under the empty key. */
  readonly quotaLedger: Table<Uint8Array>;

  constructor(journal: Journal) {
    this.journal = journal;
    this.conversations = new Table(journal);
    this.messages = new Table(journal);
    this.consumed = new Table(journal);
    this.outbox = new Table(journal);
    this.outgoing = new Table(journal);
    this.sdsIds = new Table(journal);
    this.sdsStates = new Table(journal);
    this.segments = new Table(journal);
    this.cursors = new Table(journal);
    this.quotaLedger = new Table(journal);
  }
}

export class MemoryMessages implements MessageStore {
  readonly #openTables: () => MessageTables;

  /** @param openTables - throws once the store is closed */
  constructor(openTables: () => MessageTables) {
    this.#openTables = openTables;
  }

  async conversations(): Promise<ConversationRecord[]> {
    return Array.from(this.#openTables().conversations.values(), (record) => ({ ...record }));
  }

  async conversation(id: string): Promise<ConversationRecord | undefined> {
    const record = this.#openTables().conversations.get(id);
    return record && { ...record };
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    const record = this.#openTables().messages.get(id);
    return record && copyMessage(record);
  }

  async page(conversationId: string, { limit, before }: PageOptions): Promise<MessageRecord[]> {
    const { messages } = this.#openTables();
    checkLimit(limit);
    const end = before === undefined ? undefined : messages.get(before);
    if (before !== undefined && end?.conversationId !== conversationId) {
      throw new StoreError("INVALID_OPTION", "before: want the id of a message of the conversation, got another");
    }
    const older: MessageRecord[] = [];
    for (const message of messages.values()) {
      if (message.conversationId !== conversationId) continue;
      if (end === undefined || compareMessages(message, end) < 0) older.push(message);
    }
    return older.sort(compareMessages).slice(-limit).map(copyMessage);
  }

  async incomingAfter(sequence: number, limit: number): Promise<MessageRecord[]> {
    const { log, messages } = this.#openTables();
    checkLimit(limit);
    const incoming: MessageRecord[] = [];
    for (let index = Math.max(0, sequence); index < log.length && incoming.length < limit; index++) {
      const message = messages.get(log[index] ?? "");
      if (message?.direction === "incoming") incoming.push(copyMessage(message));
    }
    return incoming;
  }

  async consumed(): Promise<number> {
    return this.#openTables().consumed.get() ?? 0;
  }

  async *outbox(): AsyncGenerator<OutboxEntry, void, undefined> {
    for (const { id } of [...this.#openTables().outbox.values()]) {
      const record = this.#openTables().outbox.get(id);
      if (record !== undefined) yield toEntry(record);
    }
  }

  async outboxPayload(id: string): Promise<Uint8Array | undefined> {
    const record = this.#openTables().outbox.get(id);
    return record && copyBytes(record.payload);
  }

  async quotaLedger(): Promise<Uint8Array | undefined> {
    const ledger = this.#openTables().quotaLedger.get();
    return ledger && copyBytes(ledger);
  }

  async pendingCount(messageId: string): Promise<number> {
    let count = 0;
    for (const record of this.#openTables().outgoing.values()) if (record.messageId === messageId) count += 1;
    return count;
  }

  async outgoing(sessionId: string, sdsId: string): Promise<OutgoingRecord | undefined> {
    const record = this.#openTables().outgoing.get(sessionId, sdsId);
    return record && { ...record, bytes: copyBytes(record.bytes) };
  }

  async knownSdsIds(sessionId: string, ids: readonly string[]): Promise<Set<string>> {
    const { sdsIds } = this.#openTables();
    return new Set(ids.filter((id) => sdsIds.get(sessionId, id) !== undefined));
  }

  async sdsState(sessionId: string): Promise<Uint8Array | undefined> {
    const state = this.#openTables().sdsStates.get(sessionId);
    return state && copyBytes(state);
  }

  async *segments(): AsyncGenerator<SegmentRecord, void, undefined> {
    for (const { sessionId, setId, isParity, index } of [...this.#openTables().segments.values()]) {
      // Asked for again: the reader may have been slow, and the set may be gone by now.
      const record = this.#openTables().segments.get(...segmentKey(sessionId, setId, isParity, index));
      if (record !== undefined) yield copySegment(record);
    }
  }

  async cursor(topic: string): Promise<number | undefined> {
    return this.#openTables().cursors.get(topic);
  }
}

/** Gets valid records only: see `applyChange`. */
export class MemoryMessageWriter implements MessageWriter {
  readonly #tables: MessageTables;

  constructor(tables: MessageTables) {
    this.#tables = tables;
  }

  putConversation({ id, peer, createdAtMs }: ConversationRecord): void {
    this.#tables.conversations.set({ id, peer, createdAtMs }, id);
  }

  putMessage(record: NewMessageRecord): void {
    const { conversations, messages, log, journal } = this.#tables;
    if (messages.get(record.id) !== undefined) return;
    if (conversations.get(record.conversationId) === undefined) {
      throw new StoreError(
        "INVALID_RECORD",
        "message.conversationId: want a conversation put before, got an unknown one",
      );
    }
    log.push(record.id);
    journal.record(() => log.pop());
    messages.set(copyMessage({ ...record, sequence: log.length }), record.id);
  }

  setStatus(messageId: string, status: OutgoingStatus): void {
    const message = this.#tables.messages.get(messageId);
    if (message === undefined) return;
    this.#tables.messages.set({ ...message, status: nextStatus(message.status, status) }, messageId);
  }

  setConsumed(sequence: number): void {
    const { consumed } = this.#tables;
    consumed.set(Math.max(sequence, consumed.get() ?? 0));
  }

  putOutbox(record: OutboxRecord): void {
    const { outbox } = this.#tables;
    if (outbox.get(record.id) === undefined) outbox.set(copyOutbox(record), record.id);
  }

  stampOutbox(id: string, timestampMs: number): void {
    const record = this.#tables.outbox.get(id);
    if (record !== undefined) this.#tables.outbox.set({ timestampMs, ...record }, id);
  }

  setTransmission(id: string, { epoch, index, attempts, notBeforeMs }: OutboxTransmission): void {
    const record = this.#tables.outbox.get(id);
    if (record === undefined) return;
    const transmission = { epoch, index, attempts, ...(notBeforeMs !== undefined && { notBeforeMs }) };
    this.#tables.outbox.set({ ...record, transmission }, id);
  }

  setOutboxPriority(id: string, priority: OutboxPriority): void {
    const record = this.#tables.outbox.get(id);
    if (record !== undefined) this.#tables.outbox.set({ ...record, priority }, id);
  }

  deleteOutbox(id: string): void {
    this.#tables.outbox.delete(id);
  }

  putQuotaLedger(ledger: Uint8Array): void {
    this.#tables.quotaLedger.set(copyBytes(ledger));
  }

  putOutgoing({ sessionId, sdsId, messageId, bytes }: OutgoingRecord): void {
    this.#tables.outgoing.set({ sessionId, sdsId, messageId, bytes: copyBytes(bytes) }, sessionId, sdsId);
  }

  deleteOutgoing(sessionId: string, sdsId: string): void {
    this.#tables.outgoing.delete(sessionId, sdsId);
  }

  logSdsId(sessionId: string, sdsId: string, lamport: number): void {
    const { sdsIds } = this.#tables;
    if (sdsIds.get(sessionId, sdsId) === undefined) sdsIds.set(lamport, sessionId, sdsId);
  }

  putSdsState(sessionId: string, state: Uint8Array): void {
    this.#tables.sdsStates.set(copyBytes(state), sessionId);
  }

  putSegment(record: SegmentRecord): void {
    const { sessionId, setId, isParity, index } = record;
    this.#tables.segments.set(copySegment(record), ...segmentKey(sessionId, setId, isParity, index));
  }

  deleteSegments(sessionId: string, setId: string): void {
    const { segments } = this.#tables;
    for (const record of [...segments.values()]) {
      if (record.sessionId !== sessionId || record.setId !== setId) continue;
      segments.delete(...segmentKey(sessionId, setId, record.isParity, record.index));
    }
  }

  setCursor(topic: string, timestampMs: number): void {
    this.#tables.cursors.set(timestampMs, topic);
  }
}

function copyMessage(record: MessageRecord): MessageRecord {
  const { id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs, sequence } = record;
  return {
    id,
    conversationId,
    direction,
    status,
    content: copyBytes(content),
    lamport,
    sentAtMs,
    storedAtMs,
    sequence,
  };
}

function copyOutbox(record: OutboxRecord): OutboxRecord {
  const { length, ...entry } = toEntry(record);
  return { ...entry, payload: copyBytes(record.payload) };
}

function toEntry(record: OutboxRecord): OutboxEntry {
  const { id, sessionId, messageId, topic, payload, priority, timestampMs, transmission } = record;
  return {
    id,
    sessionId,
    ...(messageId !== undefined && { messageId }),
    topic,
    length: payload.length,
    priority,
    ...(timestampMs !== undefined && { timestampMs }),
    ...(transmission !== undefined && { transmission: { ...transmission } }),
    createdAtMs: record.createdAtMs,
    purpose: record.purpose,
  };
}

function copySegment({ sessionId, setId, index, isParity, bytes, storedAtMs }: SegmentRecord): SegmentRecord {
  return { sessionId, setId, index, isParity, bytes: copyBytes(bytes), storedAtMs };
}

function segmentKey(sessionId: string, setId: string, isParity: boolean, index: number): string[] {
  return [sessionId, setId, isParity ? "parity" : "data", String(index)];
}

function compareMessages(a: MessageRecord, b: MessageRecord): number {
  return a.lamport - b.lamport || compareText(a.id, b.id);
}

/** By code point, as UTF-8 and so every database does; `<` would compare UTF-16 units. */
function compareText(a: string, b: string): number {
  const others = b[Symbol.iterator]();
  for (const character of a) {
    const other = others.next();
    if (other.done) return 1;
    const difference = (character.codePointAt(0) ?? 0) - (other.value.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return others.next().done ? 0 : -1;
}
