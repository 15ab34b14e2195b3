/**
 * An index of words in the memory of this process, for finding candidates: whoever asks looks at each of them again.
 * It is a full-text table of SQLite without its texts. Nothing of it reaches a file.
 * @module
 */
import type { SearchWord } from "@chat/store";
import { Connection, type Statement } from "./connection.ts";

/** What is behind this in a word makes no difference here. */
const MAX_WORD_LENGTH = 64;
/** Bytes that SQLite gathers before it sorts them into the index. */
const GATHER_BYTES = 16 * 2 ** 20;
/**
 * Rows are numbered downwards from here: messages are indexed newest first, and an index that is written in the order of
 * its rows, and read in it, is the fastest.
 */
const TOP = 2 ** 52;

export class SearchIndex {
  readonly #connection = new Connection(":memory:");
  readonly #insert: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #find: Statement<{ rowid: number }>;

  constructor() {
    const connection = this.#connection;
    connection.pragma("journal_mode = OFF");
    connection.pragma("temp_store = MEMORY");
    connection.exec(`
      CREATE VIRTUAL TABLE words USING fts5(
        tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii', prefix = '1 2 3'
      );
      INSERT INTO words (words, rank) VALUES ('hashsize', ${GATHER_BYTES});
      BEGIN`); // and never commits: there is no file to commit to
    this.#insert = connection.statement("INSERT INTO words (rowid, tokens) VALUES (?, ?)");
    this.#delete = connection.statement("DELETE FROM words WHERE rowid = ?");
    this.#find = connection.statement(
      "SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?",
    );
  }

  /** @param group - narrows a search to messages of one kind, such as those of a conversation */
  add(sequence: number, words: readonly SearchWord[], group: number): void {
    const tokens = new Set([groupToken(group)]);
    for (const word of words) for (const token of tokensOf(word, { isQuery: false })) tokens.add(token);
    this.#insert.run(TOP - sequence, [...tokens].join(" "));
  }

  delete(sequence: number): void {
    this.#delete.run(TOP - sequence);
  }

  /** Sequences below `before` of all messages that may have the words, and some that have not; highest first. */
  find(words: readonly SearchWord[], group: number | undefined, before: number, limit: number): number[] {
    const terms = words.flatMap((word) => {
      return tokensOf(word, { isQuery: true }).map((token) => (word.isPart ? `"${token}"` : `"${token}" *`));
    });
    if (group !== undefined) terms.push(`"${groupToken(group)}"`);
    return this.#find.all([...new Set(terms)].join(" AND "), TOP - before, limit).map(({ rowid }) => TOP - rowid);
  }

  close(): void {
    this.#connection.close();
  }
}

/** A word may look like one, which makes a candidate more. */
function groupToken(group: number): string {
  return `group${group}`;
}

/** Words are tokens; where any part may be looked for, each pair of characters is one, and for a text each character. */
function tokensOf({ text, isPart }: SearchWord, { isQuery }: { readonly isQuery: boolean }): string[] {
  if (!isPart) return [text.slice(0, MAX_WORD_LENGTH)];
  const characters = [...text];
  const pairs = characters.slice(1).map((character, index) => `${characters[index]}${character}`);
  return isQuery && pairs.length > 0 ? pairs : [...pairs, ...characters];
}
