/** No statement reads a long table from end to end, or sorts what it has read. */
import { openStore, type SqliteDriver, type SqliteStatement, type SqliteStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);

/** All that may be read from end to end, and why. */
const SCANS: readonly RegExp[] = [
  /LIMIT 1$/, // one row of it
  /FROM (consumed|identity|outbox_ledger|quota_ledger|data_key|two_files|lineage|pragma_\w+|sqlite_schema)\b/, // a row or a few
  /^SELECT [\w, ]+ FROM (conversations|sessions|invites|peers|transfers) ORDER BY position$/, // all of them are wanted
  /FROM restored_sessions\)|^SELECT id FROM sessions$/, // after a restore only; empty otherwise
  /^SELECT count\(\*\) AS count FROM (conversations|outbox)$/,
  /^DELETE FROM \w+$/, // everything goes
  /^DELETE FROM (outbox|outgoing|transfers) WHERE \? = \(SELECT conversation FROM messages/, // short, where a conversation may be long
];

/** `SCAN CONSTANT ROW` is the one row of a SELECT without FROM. */
const readsATable = (step: string): boolean => step.startsWith("SCAN") && step !== "SCAN CONSTANT ROW";

test("every statement finds its rows by an index, but those that want all rows or the first one", async () => {
  const { store, prepared, explain } = await watched("all.db");
  await store.close();
  expect(prepared.size).toBeGreaterThan(80);
  for (const sql of prepared) {
    const plan = explain(sql);
    expect([sql, plan.filter((step) => step.includes("TEMP B-TREE"))]).toEqual([sql, []]);
    if (SCANS.some((allowed) => allowed.test(sql))) continue;
    expect([sql, plan.filter(readsATable)]).toEqual([sql, []]);
  }
});

type Read = (store: SqliteStore) => Promise<unknown>;
const reads: [name: string, read: Read, indexes: string[]][] = [
  [
    "conversations",
    ({ messages }) => messages.conversationPage({ limit: 1 }),
    ["conversations_activity", "messages_page"],
  ],
  ["the newest page", ({ messages }) => messages.page("c1", { limit: 9 }), ["messages_page"]],
  ["a page before", ({ messages }) => messages.page("c1", { limit: 9, before: "m1" }), ["messages_page"]],
  ["a page after", ({ messages }) => messages.page("c1", { limit: 9, after: "m1" }), ["messages_page"]],
  ["a page around", ({ messages }) => messages.page("c1", { limit: 9, around: "m1" }), ["messages_page"]],
  ["a status", ({ messages }) => messages.withStatus("queued", { limit: 9 }), ["messages_status"]],
  [
    "a status in one conversation",
    ({ messages }) => messages.withStatus("queued", { limit: 9, conversationId: "c1" }),
    ["messages_conversation_status"],
  ],
  ["entries of a status", ({ messages }) => messages.entriesWithStatus("queued", { limit: 9 }), ["messages_status"]],
  ["a page of entries", ({ messages }) => messages.entryPage("c1", { limit: 9 }), ["messages_page"]],
  ["a content type", ({ messages }) => messages.withContentType("t", { limit: 9 }), ["messages_type"]],
  [
    "a content type in one conversation",
    ({ messages }) => messages.withContentType("t", { limit: 9, conversationId: "c1" }),
    ["messages_conversation_type"],
  ],
  ["what comes in", ({ messages }) => messages.incomingAfter(0, 9), ["messages_status"]],
  ["what has expired", ({ messages }) => messages.expired(1, 9), ["messages_expiry"]],
  ["what is unread", ({ messages }) => messages.readUntil("c1"), ["messages_conversation_status", "messages_page"]],
  ["what is delivered", ({ messages }) => messages.deliveredUntil("c1", 9, 9), ["messages_conversation_status"]],
  ["what expires next", ({ messages }) => messages.nextExpiry(), ["messages_expiry"]],
  ["a read mark", (store) => store.write((tx) => tx.messages.setRead("c1", 1)), ["messages_conversation_status"]],
  ["an expiry", (store) => store.write((tx) => tx.messages.deleteExpired(1, 9)), ["messages_expiry"]],
];
test.each(reads)("%s: by the index that was made for it", async (name, read, wanted) => {
  const { store, run, explain } = await watched(`${name}.db`);
  await store.write(({ messages }) => {
    messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
    const fields = { conversationId: "c1", lamport: 1, sentAtMs: 1, storedAtMs: 1, contentType: "t" };
    messages.putMessage({ id: "m1", direction: "incoming", status: "received", content: new Uint8Array(), ...fields });
  });
  run.clear();
  await read(store);
  await store.close();
  const indexes = [...run]
    .flatMap(explain)
    .flatMap((step) => /INDEX ((?:messages|conversations)_\w+)/.exec(step)?.[1] ?? []);
  expect([...new Set(indexes)].sort()).toEqual(expect.arrayContaining(wanted));
  const others = indexes.filter((index) => /^messages_/.test(index) && !wanted.includes(index));
  expect(others).toEqual([]);
});

/** A store that remembers which statements it prepares and which it runs. */
async function watched(name: string) {
  const path = directory.file(name);
  const [prepared, run] = [new Set<string>(), new Set<string>()];
  const driver: SqliteDriver = (file, options) => {
    const database = new Database(file, options);
    return {
      get inTransaction() {
        return database.inTransaction;
      },
      prepare: (sql) => {
        prepared.add(sql);
        const statement: SqliteStatement = database.prepare(sql);
        const noted = <Result>(result: Result): Result => {
          run.add(sql);
          return result;
        };
        return {
          reader: statement.reader,
          get: (...values) => noted(statement.get(...values)),
          all: (...values) => noted(statement.all(...values)),
          run: (...values) => noted(statement.run(...values)),
          pluck: () => statement.pluck(),
          columns: () => statement.columns(),
        };
      },
      exec: (sql) => database.exec(sql),
      pragma: (sql, pragmaOptions) => database.pragma(sql, pragmaOptions),
      close: () => database.close(),
    };
  };
  const store = await openStore({ path, key, driver });
  const explain = (sql: string): string[] => {
    const database = new Database(path);
    try {
      const values = Array.from(sql.matchAll(/\?/g), () => null);
      const plan = database.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
      return plan.map(({ detail }) => detail);
    } finally {
      database.close();
    }
  };
  return { store, prepared, run, explain };
}
