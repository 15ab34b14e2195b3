/**
 * The message database in memory.
 * @module
 */
import { copyBytes } from "./bytes.ts";
import { checkAfter, checkBefore, checkLimit, checkNow } from "./check.ts";
import { StoreError } from "./errors.ts";
import { type Journal, Table } from "./memory-table.ts";
import type {
  ConversationRecord,
  HeldRecord,
  MessageEntry,
  MessageRecord,
  MessageState,
  MessageStatus,
  MessageStore,
  MessageWriter,
  NewMessageRecord,
  OutboxEntry,
  OutboxPriority,
  OutboxRecord,
  OutboxTransmission,
  OutgoingRecord,
  OutgoingStatus,
  SegmentRecord,
  StatusChange,
  TransferRecord,
} from "./messages.ts";
import { olderAround, placeOfPage } from "./page-place.ts";
import type {
  ConversationDeletion,
  ConversationPageOptions,
  ConversationSummary,
  ExpiredMessage,
  ListOptions,
  MessagePosition,
  PageOptions,
  SearchOptions,
  SearchSettings,
  StoreStatistics,
} from "./queries.ts";
import { matchesWords, wordsOfQuery, wordsOfText } from "./search-text.ts";
import { nextStatus } from "./status.ts";

export class MessageTables {
  readonly journal: Journal;
  readonly conversations: Table<ConversationRecord>;
  readonly activity: Table<number>;
  readonly read: Table<number>;
  readonly messages: Table<MessageRecord>;
  readonly contentTypes: Table<string>;
  /** When an incoming message was deleted. */
  readonly deleted: Table<number>;
  /** Message ids in order of sequence, that of sequence 1 first; an id that was deleted may come again. */
  readonly log: string[] = [];
  /** Number of the last step of an outgoing message. */
  readonly steps: Table<number>;
  /** One row at most, under the empty key: the highest of {@link steps} there ever was. */
  readonly lastStep: Table<number>;
  /** Id of a message by conversation and key, and its key by its id. */
  readonly keyed: Table<string>;
  readonly keys: Table<string>;
  /** One row at most, under the empty key. */
  readonly consumed: Table<number>;
  readonly outbox: Table<OutboxRecord>;
  readonly outgoing: Table<OutgoingRecord>;
  readonly sdsIds: Table<{ readonly sessionId: string; readonly lamport: number }>;
  readonly sdsStates: Table<Uint8Array>;
  readonly held: Table<HeldRecord>;
  readonly segments: Table<SegmentRecord>;
  readonly cursors: Table<number>;
  readonly transfers: Table<TransferRecord>;
  /** One row at most, under the empty key. */
  readonly quotaLedger: Table<Uint8Array>;

  constructor(journal: Journal) {
    this.journal = journal;
    this.conversations = new Table(journal);
    this.activity = new Table(journal);
    this.read = new Table(journal);
    this.messages = new Table(journal);
    this.contentTypes = new Table(journal);
    this.deleted = new Table(journal);
    this.steps = new Table(journal);
    this.lastStep = new Table(journal);
    this.keyed = new Table(journal);
    this.keys = new Table(journal);
    this.consumed = new Table(journal);
    this.outbox = new Table(journal);
    this.outgoing = new Table(journal);
    this.sdsIds = new Table(journal);
    this.sdsStates = new Table(journal);
    this.held = new Table(journal);
    this.segments = new Table(journal);
    this.cursors = new Table(journal);
    this.transfers = new Table(journal);
    this.quotaLedger = new Table(journal);
  }
}

export class MemoryMessages implements MessageStore {
  readonly #openTables: () => MessageTables;
  readonly #searchSettings: SearchSettings | undefined;

  /** @param openTables - throws once the store is closed */
  constructor(openTables: () => MessageTables, search: SearchSettings | undefined) {
    this.#openTables = openTables;
    this.#searchSettings = search;
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

  async messageState(id: string): Promise<MessageState | undefined> {
    const record = this.#openTables().messages.get(id);
    if (record === undefined) return undefined;
    const { conversationId, direction, status, lamport } = record;
    return { conversationId, direction, status, lamport };
  }

  async conversationPage({ limit, before }: ConversationPageOptions): Promise<ConversationSummary[]> {
    const { conversations, activity, read, messages } = this.#openTables();
    checkLimit(limit);
    checkBefore(before);
    const rows = Array.from(conversations.values(), (record) => ({ record, activity: activity.get(record.id) ?? 0 }))
      .filter((row) => before === undefined || row.activity < before)
      .sort((a, b) => b.activity - a.activity)
      .slice(0, limit);
    return rows.map((row) => {
      const readSequence = read.get(row.record.id) ?? 0;
      const ofIt = [...messages.values()].filter(({ conversationId }) => conversationId === row.record.id);
      const last = ofIt.sort(compareMessages).at(-1);
      return {
        ...row.record,
        activity: row.activity,
        unreadCount: ofIt.filter(({ direction, sequence }) => direction === "incoming" && sequence > readSequence)
          .length,
        readSequence,
        ...(last && { last: copyMessage(last) }),
      };
    });
  }

  async page(conversationId: string, options: PageOptions): Promise<MessageRecord[]> {
    const { messages } = this.#openTables();
    const { limit } = options;
    const place = placeOfPage(options);
    const all = [...messages.values()].filter((message) => message.conversationId === conversationId);
    all.sort(compareMessages);
    const pageOf = (): MessageRecord[] => {
      if (place.kind === "newest") return all.slice(-limit);
      const at = this.#positionOf(place.kind, place.at, conversationId);
      if (place.kind === "after") return all.filter((message) => compareMessages(message, at) > 0).slice(0, limit);
      const older = all.filter((message) => compareMessages(message, at) < 0);
      if (place.kind === "before") return older.slice(-limit);
      const start = Math.max(0, older.length - olderAround(limit));
      return all.slice(start, start + limit);
    };
    return pageOf().map(copyMessage);
  }

  async entryPage(conversationId: string, options: PageOptions): Promise<MessageEntry[]> {
    return (await this.page(conversationId, options)).map(withoutContent);
  }

  async withStatus(status: MessageStatus, options: ListOptions): Promise<MessageRecord[]> {
    return this.#list(options, (message) => message.status === status);
  }

  async entriesWithStatus(status: MessageStatus, options: ListOptions): Promise<MessageEntry[]> {
    return (await this.withStatus(status, options)).map(withoutContent);
  }

  async withContentType(contentType: string, options: ListOptions): Promise<MessageRecord[]> {
    const { contentTypes } = this.#openTables();
    return this.#list(options, ({ id }) => contentTypes.get(id) === contentType);
  }

  async search(query: string, { signal, ...options }: SearchOptions): Promise<MessageRecord[]> {
    this.#openTables();
    const settings = this.#searchSettings;
    if (settings === undefined) {
      throw new StoreError("INVALID_OPTION", "search: want a store that was opened with it, got one without");
    }
    signal?.throwIfAborted();
    const words = wordsOfQuery(query);
    return this.#list(options, (message) =>
      matchesWords(words, wordsOfText(settings.textOf(copyMessage(message)) ?? "")),
    );
  }

  async nextExpiry(): Promise<number | undefined> {
    return inOrderOfExpiry(this.#openTables().messages)[0]?.expiresAtMs;
  }

  async expired(nowMs: number, limit: number): Promise<ExpiredMessage[]> {
    const { messages } = this.#openTables();
    checkNow(nowMs);
    checkLimit(limit);
    const expired = inOrderOfExpiry(messages).filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    return expired.slice(0, limit).map(({ id, conversationId, expiresAtMs }) => ({ id, conversationId, expiresAtMs }));
  }

  async statistics(): Promise<StoreStatistics> {
    const { conversations, messages, outbox } = this.#openTables();
    const all = inOrderOfSequence(messages);
    const ofOutgoing = { queued: 0, sent: 0, delivered: 0, read: 0, failed: 0, cancelled: 0, dropped: 0 };
    const messagesByStatus = { ...ofOutgoing, received: 0 };
    for (const { status } of all) messagesByStatus[status] += 1;
    const [oldest, newest] = [all[0], all.at(-1)];
    return {
      conversations: [...conversations.values()].length,
      messages: all.length,
      messagesByStatus,
      outbox: [...outbox.values()].length,
      ...(oldest && { oldestStoredAtMs: oldest.storedAtMs }),
      ...(newest && { newestStoredAtMs: newest.storedAtMs }),
      sizeBytes: 0,
    };
  }

  async incomingAfter(sequence: number, limit: number): Promise<MessageRecord[]> {
    const { log, messages } = this.#openTables();
    checkLimit(limit);
    const incoming: MessageRecord[] = [];
    for (let index = Math.max(0, sequence); index < log.length && incoming.length < limit; index++) {
      const message = messages.get(log[index] ?? "");
      if (message?.direction !== "incoming" || message.sequence !== index + 1) continue;
      incoming.push(copyMessage(message));
    }
    return incoming;
  }

  async statusChanges(after: number, limit: number): Promise<StatusChange[]> {
    const { messages, steps } = this.#openTables();
    checkAfter(after);
    checkLimit(limit);
    const changes: StatusChange[] = [];
    for (const { id, conversationId, status } of messages.values()) {
      const number = steps.get(id) ?? 0;
      if (status !== "received" && number > after) changes.push({ number, messageId: id, conversationId, status });
    }
    return changes.sort((a, b) => a.number - b.number).slice(0, limit);
  }

  async latest(): Promise<{ sequence: number; statusChange: number }> {
    const { messages, steps } = this.#openTables();
    const sequence = inOrderOfSequence(messages).at(-1)?.sequence ?? 0;
    let statusChange = 0;
    for (const number of steps.values()) statusChange = Math.max(statusChange, number);
    return { sequence, statusChange };
  }

  async messageWithKey(conversationId: string, key: string): Promise<string | undefined> {
    return this.#openTables().keyed.get(conversationId, key);
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

  /** What ends with the process is never put back. */
  async restoredAtMs(): Promise<undefined> {}

  async pendingCount(messageId: string): Promise<number> {
    let count = 0;
    for (const record of this.#openTables().outgoing.values()) if (record.messageId === messageId) count += 1;
    return count;
  }

  async pendingIds(messageId: string): Promise<string[]> {
    const records = [...this.#openTables().outgoing.values()];
    return records.filter((record) => record.messageId === messageId).map(({ sdsId }) => sdsId);
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

  async held(sessionId: string, sdsId: string): Promise<HeldRecord | undefined> {
    const record = this.#openTables().held.get(sessionId, sdsId);
    return record && { ...record, bytes: copyBytes(record.bytes) };
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

  async transfers(): Promise<TransferRecord[]> {
    return Array.from(this.#openTables().transfers.values(), (record) => ({ ...record }));
  }

  async isRefused(messageId: string): Promise<boolean> {
    return this.#openTables().deleted.get(messageId) !== undefined;
  }

  async readUntil(conversationId: string): Promise<MessagePosition | undefined> {
    const { messages, read } = this.#openTables();
    const readSequence = read.get(conversationId) ?? 0;
    const incoming = [...messages.values()].filter((message) => {
      return message.conversationId === conversationId && message.direction === "incoming";
    });
    const unread = incoming.filter(({ sequence }) => sequence > readSequence);
    const firstUnread = Math.min(...unread.map(({ lamport }) => lamport));
    const newest = incoming
      .sort(compareMessages)
      .filter(({ lamport }) => lamport < firstUnread)
      .at(-1);
    return newest && { lamport: newest.lamport, id: newest.id };
  }

  async deliveredUntil(conversationId: string, lamport: number, limit: number): Promise<string[]> {
    checkLimit(limit);
    const delivered = inOrderOfSequence(this.#openTables().messages).filter((message) => {
      return message.conversationId === conversationId && message.status === "delivered" && message.lamport <= lamport;
    });
    return delivered.slice(0, limit).map(({ id }) => id);
  }

  #positionOf(name: string, at: string | MessagePosition, conversationId: string): MessagePosition {
    if (typeof at !== "string") return at;
    const message = this.#openTables().messages.get(at);
    if (message?.conversationId === conversationId) return message;
    throw new StoreError("INVALID_OPTION", `${name}: want the id of a message of the conversation, got another`);
  }

  #list(
    { limit, conversationId, before }: ListOptions,
    isWanted: (message: MessageRecord) => boolean,
  ): MessageRecord[] {
    const { messages } = this.#openTables();
    checkLimit(limit);
    checkBefore(before);
    const list: MessageRecord[] = [];
    for (const message of inOrderOfSequence(messages).reverse()) {
      if (conversationId !== undefined && message.conversationId !== conversationId) continue;
      if (before !== undefined && message.sequence >= before) continue;
      if (isWanted(message) && list.push(copyMessage(message)) === limit) break;
    }
    return list;
  }
}

/** Gets valid records only: see `applyChange`. */
export class MemoryMessageWriter implements MessageWriter {
  readonly #tables: MessageTables;

  constructor(tables: MessageTables) {
    this.#tables = tables;
  }

  putConversation({ id, peer, createdAtMs }: ConversationRecord): void {
    const isNew = this.#tables.conversations.get(id) === undefined;
    this.#tables.conversations.set({ id, peer, createdAtMs }, id);
    if (isNew) this.#touch(id);
  }

  putMessage(record: NewMessageRecord): void {
    const { conversations, messages, contentTypes, deleted, log, journal } = this.#tables;
    if (messages.get(record.id) !== undefined) return;
    if (record.direction === "incoming" && deleted.get(record.id) !== undefined) return;
    if (conversations.get(record.conversationId) === undefined) {
      throw new StoreError(
        "INVALID_RECORD",
        "message.conversationId: want a conversation put before, got an unknown one",
      );
    }
    log.push(record.id);
    journal.record(() => log.pop());
    messages.set(copyMessage({ ...record, sequence: log.length }), record.id);
    if (record.contentType !== undefined) contentTypes.set(record.contentType, record.id);
    if (record.direction === "outgoing") this.#step(record.id);
    this.#key(record);
    this.#touch(record.conversationId);
  }

  setStatus(messageId: string, status: OutgoingStatus): void {
    const message = this.#tables.messages.get(messageId);
    if (message === undefined) return;
    const next = nextStatus(message.status, status);
    if (next === message.status) return;
    this.#tables.messages.set({ ...message, status: next }, messageId);
    this.#step(messageId);
  }

  setConsumed(sequence: number): void {
    const { consumed } = this.#tables;
    consumed.set(Math.max(sequence, consumed.get() ?? 0));
  }

  setRead(conversationId: string, sequence: number): void {
    const { conversations, read, messages } = this.#tables;
    if (conversations.get(conversationId) === undefined) return;
    const newest = inOrderOfSequence(messages).at(-1)?.sequence ?? 0;
    read.set(Math.max(Math.min(sequence, newest), read.get(conversationId) ?? 0), conversationId);
  }

  setExpiry(messageId: string, expiresAtMs: number): void {
    const message = this.#tables.messages.get(messageId);
    if (message === undefined) return;
    const earlier = Math.min(expiresAtMs, message.expiresAtMs ?? expiresAtMs);
    this.#tables.messages.set({ ...message, expiresAtMs: earlier }, messageId);
  }

  deleteMessage(id: string, deletedAtMs: number): void {
    const { messages, contentTypes, steps, keyed, keys, deleted } = this.#tables;
    const message = messages.get(id);
    if (message === undefined) return;
    const key = keys.get(id);
    if (key !== undefined) keyed.delete(message.conversationId, key);
    for (const table of [messages, contentTypes, steps, keys]) table.delete(id);
    this.deleteParts(id);
    if (message.direction === "incoming") deleted.set(deletedAtMs, id);
  }

  deleteConversation({ id, sessionIds, deletedAtMs }: ConversationDeletion): void {
    const { conversations, activity, read, messages } = this.#tables;
    for (const message of [...messages.values()]) {
      if (message.conversationId === id) this.deleteMessage(message.id, deletedAtMs);
    }
    for (const table of [conversations, activity, read]) table.delete(id);
    for (const sessionId of sessionIds) this.deleteSession(sessionId);
  }

  deleteSession(id: string): void {
    const { sdsIds, sdsStates, held, segments } = this.#tables;
    this.deleteUnsent(id);
    for (const table of [held, segments, sdsIds]) table.deleteWhere(({ sessionId }) => sessionId === id);
    sdsStates.delete(id);
  }

  deleteUnsent(id: string): void {
    const { outbox, outgoing, transfers } = this.#tables;
    for (const table of [outbox, outgoing, transfers]) table.deleteWhere(({ sessionId }) => sessionId === id);
  }

  deleteExpired(nowMs: number, limit: number): void {
    const expired = inOrderOfExpiry(this.#tables.messages).filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    for (const { id } of expired.slice(0, limit)) this.deleteMessage(id, nowMs);
  }

  forgetDeleted(beforeMs: number): void {
    this.#tables.deleted.deleteWhere((deletedAtMs) => deletedAtMs < beforeMs);
  }

  deleteAll(): void {
    const { journal, log, lastStep, consumed, quotaLedger, ...tables } = this.#tables;
    for (const table of Object.values(tables)) table.clear();
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
    if (sdsIds.get(sessionId, sdsId) === undefined) sdsIds.set({ sessionId, lamport }, sessionId, sdsId);
  }

  putSdsState(sessionId: string, state: Uint8Array): void {
    this.#tables.sdsStates.set(copyBytes(state), sessionId);
  }

  putHeld({ sessionId, sdsId, lamport, bytes }: HeldRecord): void {
    this.#tables.held.set({ sessionId, sdsId, lamport, bytes: copyBytes(bytes) }, sessionId, sdsId);
  }

  deleteHeld(sessionId: string, sdsId: string): void {
    this.#tables.held.delete(sessionId, sdsId);
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

  putTransfer({ messageId, sessionId, length, segmentSize, total, made, after, isPaused }: TransferRecord): void {
    const size = { length, segmentSize };
    const record = { messageId, sessionId, ...size, total, made, ...(after !== undefined && { after }), isPaused };
    this.#tables.transfers.set(record, messageId);
  }

  deleteTransfer(messageId: string): void {
    this.#tables.transfers.delete(messageId);
  }

  deleteParts(id: string): void {
    const { outbox, outgoing, transfers } = this.#tables;
    for (const table of [outbox, outgoing, transfers]) table.deleteWhere(({ messageId }) => messageId === id);
  }

  refuse(messageId: string, refusedAtMs: number): void {
    this.#tables.deleted.set(refusedAtMs, messageId);
  }

  /** The message has come one step further. */
  #step(messageId: string): void {
    const { steps, lastStep } = this.#tables;
    const number = (lastStep.get() ?? 0) + 1;
    lastStep.set(number);
    steps.set(number, messageId);
  }

  #key({ id, conversationId, key }: NewMessageRecord): void {
    const { keyed, keys } = this.#tables;
    if (key === undefined || keyed.get(conversationId, key) !== undefined) return;
    keyed.set(id, conversationId, key);
    keys.set(key, id);
  }

  /** Makes the conversation the first one. */
  #touch(conversationId: string): void {
    const { activity } = this.#tables;
    let highest = 0;
    for (const value of activity.values()) highest = Math.max(highest, value);
    if (activity.get(conversationId) !== highest) activity.set(highest + 1, conversationId);
  }
}

function withoutContent({ content: _, ...entry }: MessageRecord): MessageEntry {
  return entry;
}

function copyMessage(record: MessageRecord): MessageRecord {
  const { id, conversationId, direction, status, content, lamport, sentAtMs, storedAtMs, sequence } = record;
  const { expiresAtMs } = record;
  return {
    id,
    conversationId,
    direction,
    status,
    content: copyBytes(content),
    lamport,
    sentAtMs,
    storedAtMs,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
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

function copySegment({ sessionId, setId, index, isParity, bytes, storedAtMs, lamport }: SegmentRecord): SegmentRecord {
  const time = lamport !== undefined && { lamport };
  return { sessionId, setId, index, isParity, bytes: copyBytes(bytes), storedAtMs, ...time };
}

function segmentKey(sessionId: string, setId: string, isParity: boolean, index: number): string[] {
  return [sessionId, setId, isParity ? "parity" : "data", String(index)];
}

function inOrderOfSequence(messages: Table<MessageRecord>): MessageRecord[] {
  return [...messages.values()].sort((a, b) => a.sequence - b.sequence);
}

function inOrderOfExpiry(messages: Table<MessageRecord>): (MessageRecord & { readonly expiresAtMs: number })[] {
  return inOrderOfSequence(messages)
    .flatMap((message) => (message.expiresAtMs === undefined ? [] : [{ ...message, expiresAtMs: message.expiresAtMs }]))
    .sort((a, b) => a.expiresAtMs - b.expiresAtMs);
}

function compareMessages(a: MessagePosition, b: MessagePosition): number {
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
