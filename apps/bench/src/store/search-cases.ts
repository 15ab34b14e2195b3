/**
 * Finding messages by a word, when both sides have indexed all of them.
 * @module
 */
import Database from "better-sqlite3";
import type { BenchCase } from "../case.ts";
import type { Library } from "./library.ts";
import { openOurs } from "./open.ts";
import { textOf, wordOf } from "./records.ts";

const PREPARE_LIMIT_MS = 900_000;
const FOUND = 20;
const SEARCHES = 50;

/** Ranks of words; a round looks for each word of a range by turns. */
const RANKS = { common: 40, rare: 30_000 } as const;

export function searchCases(library: () => Promise<Library>): readonly BenchCase[] {
  let peer: PlainSearch | undefined; // making it takes about as long as all the rest
  return (["common", "rare"] as const).map((kind) => ({
    name: `search-${kind}`,
    title: `the newest ${FOUND} messages with a word that is ${kind}`,
    unit: "searches/s",
    better: "higher",
    peer: "FTS5 of SQLite, over texts in the file",
    note: "ours keeps its index in memory, since it would tell the texts, and made it before; the peer's is in the file",
    rounds: 9,
    limitMs: PREPARE_LIMIT_MS,
    prepare: async () => {
      const { count, ours } = await library();
      const store = await openOurs(ours);
      peer ??= new PlainSearch(count);
      const { find } = peer;
      await store.messages.search("nowhere", { limit: 1 }); // looks through all, so all is indexed now
      let turn = 0;
      const word = () => wordOf(RANKS[kind] + (turn++ % SEARCHES));
      return {
        ours: () => rate(async () => store.messages.search(word(), { limit: FOUND })),
        theirs: () => rate(async () => find(word())),
        [Symbol.asyncDispose]: async () => {
          await store.close();
        },
      };
    },
  }));
}

/** The texts and their index in a database of their own: a file that tells them to everybody. */
class PlainSearch {
  readonly #database = new Database(""); // temporary, gone with the process
  readonly #find: Database.Statement;

  constructor(count: number) {
    this.#database.pragma("journal_mode = OFF");
    this.#database.exec("CREATE VIRTUAL TABLE texts USING fts5(text)");
    const insert = this.#database.prepare("INSERT INTO texts (rowid, text) VALUES (?, ?)");
    this.#database.transaction(() => {
      for (let index = 0; index < count; index += 1) insert.run(index + 1, textOf(index));
    })();
    this.#find = this.#database.prepare(
      `SELECT rowid, text FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT ${FOUND}`,
    );
  }

  /** As ours: the beginning of a word is enough. */
  readonly find = (word: string): unknown[] => this.#find.all(`"${word}" *`);
}

/** @returns searches per second */
async function rate(search: () => Promise<readonly unknown[]>): Promise<number> {
  const startedAtMs = performance.now();
  let found = 0;
  for (let count = 0; count < SEARCHES; count += 1) found += (await search()).length;
  if (found === 0) throw new Error("search: want messages found, got none");
  return (SEARCHES * 1_000) / (performance.now() - startedAtMs);
}
