/**
 * Full-text search over sealed messages: an index in memory, made from the newest message backwards and only as far as
 * a search has to look, in slices between which others have their turn. Each message that it names is opened and looked at
 * again, so a result does not depend on the index. See docs/decisions/0015-search.md.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import {
  checkBefore,
  checkLimit,
  type MessageRecord,
  matchesWords,
  type SearchOptions,
  type SearchSettings,
  type SearchWord,
  StoreError,
  wordsOfQuery,
  wordsOfText,
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { Erasures } from "./erased.ts";
import { MESSAGE, type MessageRow, toMessage } from "./message-row.ts";
import type { Sealer } from "./sealer.ts";
import { SearchIndex } from "./search-index.ts";

const ROWS_PER_SLICE = 64;
const CANDIDATES_PER_STEP = 64;
/** Asking the index sorts what was added since: a search asks after 1 slice, then 2, 4 … */
const MAX_SLICES = 1_024;

const STATUSES = ["queued", "sent", "delivered", "failed", "dropped", "received"];

type SearchRow = MessageRow & { conversation: number };
type Parts = {
  readonly connection: Connection;
  readonly sealer: Sealer;
  /** @throws StoreError `CLOSED` */
  readonly assertOpen: () => void;
  readonly settings: SearchSettings | undefined;
};
/** `low`: as of the index that was asked. */
type Answer = { readonly candidates: readonly number[]; readonly low: number };
/** All messages from `low` to below `high` are in `index`; `low` is 0 when there are none before. */
type Indexed = { readonly index: SearchIndex; low: number; high: number };

export class MessageSearch {
  readonly #sealer: Sealer;
  readonly #assertOpen: () => void;
  readonly #settings: SearchSettings | undefined;
  readonly #conversation: Statement<{ position: number }>;
  readonly #highest: Statement<{ sequence: number }>;
  readonly #below: Statement<SearchRow>;
  readonly #from: Statement<SearchRow>;
  readonly #message: Statement<MessageRow>;
  readonly #ofConversation: Statement<{ sequence: number }>;
  #indexed: Indexed | undefined;

  constructor({ connection, sealer, assertOpen, settings }: Parts) {
    this.#sealer = sealer;
    this.#assertOpen = assertOpen;
    this.#settings = settings;
    const row = MESSAGE.replace("SELECT", "SELECT conversation,");
    this.#conversation = connection.statement("SELECT position FROM conversations WHERE id = ?");
    this.#highest = connection.statement("SELECT sequence FROM messages ORDER BY sequence DESC LIMIT 1");
    this.#below = connection.statement(`${row} WHERE sequence < ? ORDER BY sequence DESC LIMIT ${ROWS_PER_SLICE}`);
    this.#from = connection.statement(`${row} WHERE sequence >= ? ORDER BY sequence LIMIT ${ROWS_PER_SLICE}`);
    this.#message = connection.statement(`${MESSAGE} WHERE sequence = ?`);
    // Each part has the order of the index already, and SQLite merges them.
    const parts = STATUSES.map(
      (status) => `SELECT sequence FROM messages WHERE conversation = ? AND status = '${status}' AND sequence < ?`,
    );
    this.#ofConversation = connection.statement(
      `${parts.join(" UNION ALL ")} ORDER BY sequence DESC LIMIT ${ROWS_PER_SLICE}`,
    );
  }

  async search(query: string, { signal, ...options }: SearchOptions): Promise<MessageRecord[]> {
    const { limit, conversationId } = options;
    if (this.#settings === undefined) {
      throw new StoreError("INVALID_OPTION", "search: want a store that was opened with it, got one without");
    }
    checkLimit(limit);
    checkBefore(options.before);
    const pause = async () => {
      await setImmediate();
      this.#assertOpen();
      signal?.throwIfAborted();
    };
    signal?.throwIfAborted();
    const words = wordsOfQuery(query);
    if (words.length === 0) return [];
    while (this.#indexNewer()) await pause();
    const found: MessageRecord[] = [];
    let before = options.before ?? Number.MAX_SAFE_INTEGER;
    for (let slices = 1; ; slices = Math.min(2 * slices, MAX_SLICES)) {
      let answer: Answer;
      do {
        answer = this.#ask(words, before, conversationId);
        for (const sequence of answer.candidates) {
          const message = this.#matching(sequence, words, conversationId);
          if (message !== undefined && found.push(message) === limit) return found;
          before = sequence;
        }
        await pause();
      } while (answer.candidates.length === CANDIDATES_PER_STEP);
      if (answer.low === 0) return found;
      if (conversationId !== undefined) {
        before = Math.min(before, answer.low);
        break;
      }
      // Only when what is indexed has no more of them is it worth to index more.
      for (let slice = 0; slice < slices && this.#indexOlder(); slice++) await pause();
    }
    // One conversation is a small part of all that would be to index: what is left of it is read instead.
    for (let older = this.#olderOf(conversationId, before); older.length > 0; ) {
      for (const sequence of older) {
        const message = this.#matching(sequence, words, conversationId);
        if (message !== undefined && found.push(message) === limit) return found;
        before = sequence;
      }
      await pause();
      older = this.#olderOf(conversationId, before);
    }
    return found;
  }

  /** Takes deleted messages out of the index, those that are gone. */
  forget({ sequences, conversations, isEverything }: Erasures): void {
    if (this.#indexed === undefined) return;
    if (isEverything) {
      this.close();
      return;
    }
    const { index, low, high } = this.#indexed;
    const ofConversations = conversations.flatMap((position) => index.find([], position, high, high));
    for (const sequence of [...sequences, ...ofConversations]) {
      if (sequence < low || sequence >= high) continue;
      if (this.#message.get(sequence) === undefined) index.delete(sequence);
    }
  }

  close(): void {
    this.#indexed?.index.close();
    this.#indexed = undefined;
  }

  #ask(words: readonly SearchWord[], before: number, conversationId?: string): Answer {
    const { index, low } = this.#open();
    const group = conversationId === undefined ? undefined : this.#conversation.get(conversationId)?.position;
    if (conversationId !== undefined && group === undefined) return { candidates: [], low: 0 };
    return { candidates: index.find(words, group, before, CANDIDATES_PER_STEP), low };
  }

  /** Sequences of a conversation below one, highest first. */
  #olderOf(conversationId: string, before: number): number[] {
    const position = this.#conversation.get(conversationId)?.position;
    if (position === undefined) return [];
    const values = STATUSES.flatMap(() => [position, before]);
    return this.#ofConversation.all(...values).map(({ sequence }) => sequence);
  }

  #open(): Indexed {
    if (this.#indexed === undefined) {
      const end = (this.#highest.get()?.sequence ?? 0) + 1;
      this.#indexed = { index: new SearchIndex(), low: end, high: end };
    }
    return this.#indexed;
  }

  /** One slice of what has come since. @returns whether there may be more */
  #indexNewer(): boolean {
    const indexed = this.#open();
    const rows = this.#from.all(indexed.high);
    for (const row of rows) this.#add(indexed.index, row);
    indexed.high = Math.max(indexed.high, (rows.at(-1)?.sequence ?? 0) + 1);
    return rows.length === ROWS_PER_SLICE;
  }

  /** One slice of what was there before. @returns whether there was something */
  #indexOlder(): boolean {
    const indexed = this.#open();
    const rows = this.#below.all(indexed.low);
    for (const row of rows) this.#add(indexed.index, row);
    indexed.low = Math.min(indexed.low, rows.at(-1)?.sequence ?? 0);
    return rows.length > 0;
  }

  #add(index: SearchIndex, row: SearchRow): void {
    index.add(row.sequence, this.#wordsOf(toMessage(row, this.#sealer)), row.conversation);
  }

  #matching(sequence: number, words: readonly SearchWord[], conversationId?: string): MessageRecord | undefined {
    const row = this.#message.get(sequence);
    if (row === undefined) return undefined;
    const message = toMessage(row, this.#sealer);
    if (conversationId !== undefined && message.conversationId !== conversationId) return undefined;
    return matchesWords(words, this.#wordsOf(message)) ? message : undefined;
  }

  #wordsOf(message: MessageRecord): SearchWord[] {
    return wordsOfText(this.#settings?.textOf(message) ?? "");
  }
}
