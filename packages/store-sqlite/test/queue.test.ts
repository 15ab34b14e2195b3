import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { MemoryQueue, openMemoryQueue, type QueueChange, type QueuedRecord, type QueueStore } from "@chat/ratelimit";
import { describeQueueStore } from "@chat/ratelimit/testing";
import { openSqliteQueueStore, openSqliteStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import fc from "fast-check";
import { Connection } from "../src/connection.ts";
import { createDataKey } from "../src/key.ts";
import { FIRST } from "../src/migrations/0001-first.ts";
import { PARTIAL_SETS } from "../src/migrations/0002-partial-sets.ts";
import { SqliteQueue } from "../src/queue.ts";
import { migrate } from "../src/schema.ts";
import { Sealer } from "../src/sealer.ts";
import { payloadOf } from "./payload.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

describeQueueStore("the queue on SQLite", async () => {
  const path = directory.file(`contract-${count++}.db`);
  const opened: QueueStore[] = [];
  return {
    open: async () => {
      const store = await openSqliteQueueStore({ path, key });
      opened.push(store);
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store.close();
    },
  };
});

/** A queue on a connection of the test's own, to reach what the public opening hides. */
function openBare(name: string): { connection: Connection; store: SqliteQueue } {
  const path = directory.file(name);
  writeFileSync(path, "");
  const connection = new Connection(path);
  connection.pragma("journal_mode = WAL");
  connection.pragma("foreign_keys = ON");
  migrate(connection, 0);
  return { connection, store: new SqliteQueue(connection, new Sealer(Uint8Array.from(key))) };
}

function record(id: string, sequence = 1): QueuedRecord {
  return { id, sequence, priority: "normal", length: 100, attempts: 0, submittedAtMs: 5 };
}

function put(id: string, sequence = 1, length = 100): QueueChange {
  return { kind: "put", record: record(id, sequence), bytes: payloadOf(length, sequence) };
}

function end(id: string): QueueChange {
  const outcome = { kind: "passed", slot: { epoch: 3, index: 1 }, receipt: `receipt of ${id}` } as const;
  return { kind: "end", record: { id, endedAtMs: 9, outcome } };
}

function ledger(used: number): QueueChange {
  const usedBy = { critical: used, normal: 0, optional: 0 };
  return { kind: "ledger", ledger: { floor: 3, epochs: [{ epoch: 3, used, usedBy }] } };
}

async function idsOf(store: QueueStore): Promise<string[]> {
  return (await store.load()).queued.map(({ id }) => id);
}

test("any history of commits that overlap reads as it does in memory, also after opening again", async () => {
  const id = fc.constantFrom("a", "b", "c", "\ud800");
  const change: fc.Arbitrary<QueueChange> = fc.oneof(
    fc
      .record({ id, sequence: fc.nat(9), length: fc.nat(99), hasBytes: fc.boolean() })
      .map(({ id, sequence, length, hasBytes }): QueueChange => {
        return hasBytes ? put(id, sequence, length) : { kind: "put", record: record(id, sequence) };
      }),
    id.map(end),
    fc.array(id).map((ids): QueueChange => ({ kind: "forget", ids })),
    fc.nat(9).map(ledger),
  );
  const histories = fc.array(fc.oneof(fc.array(change, { maxLength: 5 }), fc.constant("read" as const)), {
    maxLength: 30,
  });
  const reads = async (store: QueueStore) => {
    const { queued, ...rest } = await store.load();
    const bytes = await Promise.all(["a", "b", "c", "\ud800"].map((each) => store.bytesOf(each)));
    // Among equal sequences, which no manager gives, there is no order.
    return { ...rest, queued: [...queued].sort((a, b) => a.id.localeCompare(b.id)), bytes };
  };
  const { connection, store } = openBare("history.db");
  await using _store = store;
  const property = fc.asyncProperty(histories, async (history) => {
    connection.exec("DELETE FROM queued_messages; DELETE FROM ended_messages; DELETE FROM quota_ledger");
    const memory = await openMemoryQueue(new MemoryQueue());
    const commits: Promise<void>[] = [];
    for (const each of history) {
      if (each === "read") expect(await reads(store)).toEqual(await reads(memory));
      else commits.push(store.commit(each), memory.commit(each));
    }
    await Promise.all(commits);
    expect(await reads(store)).toEqual(await reads(memory));
    const again = new SqliteQueue(connection, new Sealer(Uint8Array.from(key)));
    expect(await reads(again)).toEqual(await reads(memory));
  });
  await fc.assert(property, { numRuns: 100 });
});

test("commits that are given in one turn share one wait for the disk", async () => {
  const { connection, store } = openBare("groups.db");
  await using _store = store;
  const exec = jest.spyOn(connection, "exec");
  await Promise.all(Array.from({ length: 50 }, (_, number) => store.commit([put(`m${number}`, number)])));
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1);
});

test("more messages than a page holds come back, without bytes of those that ended", async () => {
  const { connection, store } = openBare("pages.db");
  await using _store = store;
  const ids = Array.from({ length: 2_500 }, (_, number) => `m${number}`);
  await store.commit(ids.map((id, number) => put(id, 2_500 - number)));
  await store.commit(ids.slice(0, 1_200).map(end));
  const { queued, ended } = await store.load();
  expect(queued.map(({ id }) => id)).toEqual(ids.slice(1_200).reverse());
  expect(ended.map(({ id }) => id)).toEqual(ids.slice(0, 1_200));
  const rows = connection.statement<{ count: number }>("SELECT count(*) AS count FROM queued_bytes").get();
  expect(rows).toEqual({ count: 1_300 });
});

test("of a commit that fails in the middle nothing is there, the others of its group and later ones are", async () => {
  const { connection, store } = openBare("failing.db");
  await using _store = store;
  await store.commit([put("old", 1), ledger(1)]);
  connection.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON ended_messages WHEN (SELECT count(*) FROM queued_messages) = 3" +
      " BEGIN SELECT raise(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled([
    store.commit([put("before", 2)]),
    store.commit([ledger(2), put("half", 3), put("half too", 4), end("old"), put("not reached", 5)]),
    store.commit([put("after", 6)]),
  ]);
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { name: "StoreError", code: "IO" } },
    { status: "fulfilled" },
  ]);
  expect(await store.load()).toMatchObject({ ledger: { epochs: [{ used: 1 }] }, ended: [] });
  expect(await idsOf(store)).toEqual(["old", "before", "after"]);
  expect(await store.bytesOf("half")).toBeUndefined();
  connection.exec("DROP TRIGGER refuse");
  await store.commit([ledger(2), end("old")]);
  expect(await store.load()).toMatchObject({ ledger: { epochs: [{ used: 2 }] }, ended: [{ id: "old" }] });
});

test("on a full disk a commit is refused whole, and taken when there is room", async () => {
  const { connection, store } = openBare("full.db");
  await using _store = store;
  connection.pragma("max_page_count = 100");
  const taken: string[] = [];
  const refused: string[] = [];
  for (let number = 0; number < 30; number += 1) {
    const [outcome] = await Promise.allSettled([
      store.commit([
        ledger(number),
        put(`small-${number}`, 2 * number),
        put(`large-${number}`, 2 * number + 1, 30_000),
      ]),
    ]);
    const ids = [`small-${number}`, `large-${number}`];
    if (outcome.status === "fulfilled") taken.push(...ids);
    else {
      refused.push(...ids);
      expect(outcome.reason).toMatchObject({ name: "StoreError", code: "IO" });
    }
  }
  expect(taken.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  expect(await idsOf(store)).toEqual(taken);
  expect(await store.load()).toMatchObject({ ledger: { epochs: [{ used: taken.length / 2 - 1 }] } });
  connection.pragma("max_page_count = 10000");
  await store.commit(refused.map((id, index) => put(id, 1_000 + index, 30_000)));
  expect(await idsOf(store)).toEqual([...taken, ...refused]);
});

test("closing keeps what was not awaited and refuses what comes later with the port's own code", async () => {
  const path = directory.file("closing.db");
  const store = await openSqliteQueueStore({ path, key });
  const committed = store.commit([put("a")]);
  await Promise.all([store.close(), store.close(), committed]);
  const closed = { name: "RateLimitError", code: "CLOSED" };
  await expect(store.commit([put("b")])).rejects.toMatchObject(closed);
  await expect(store.load()).rejects.toMatchObject(closed);
  await expect(store.bytesOf("a")).rejects.toMatchObject(closed);
  await using again = await openSqliteQueueStore({ path, key });
  expect(await idsOf(again)).toEqual(["a"]);
});

test("one file serves the chat and the queue, one after the other; who is too early is told in his own terms", async () => {
  const path = directory.file("both.db");
  {
    await using store = await openSqliteStore({ path, key });
    await store.write((tx) => tx.messages.setConsumed(5));
    const locked = { name: "RateLimitError", code: "STORE_LOCKED", cause: { name: "StoreError" } };
    await expect(openSqliteQueueStore({ path, key })).rejects.toMatchObject(locked);
  }
  {
    await using queue = await openSqliteQueueStore({ path, key });
    await queue.commit([put("a")]);
    const locked = { name: "StoreError", code: "STORE_LOCKED" };
    await expect(openSqliteStore({ path, key })).rejects.toMatchObject(locked);
  }
  const wrong = { name: "StoreError", code: "WRONG_KEY" };
  await expect(openSqliteQueueStore({ path, key: new Uint8Array(32) })).rejects.toMatchObject(wrong);
  await using store = await openSqliteStore({ path, key });
  expect(await store.messages.consumed()).toBe(5);
});

test("a database of schema 2 is brought up to date with all it holds, by either opening", async () => {
  const old = directory.file("schema-2.db");
  const { dataKey, row } = await createDataKey(key, "");
  const sealer = new Sealer(dataKey);
  const database = new Database(old);
  database.exec(`${FIRST} ${PARTIAL_SETS} PRAGMA application_id = 0x63686174; PRAGMA user_version = 2`);
  database.prepare("INSERT INTO data_key (id, kek, wrapped) VALUES (1, 'bytes', ?)").run(row.wrapped);
  const identity = Uint8Array.of(1, 2, 3);
  database.prepare("INSERT INTO identity VALUES (1, ?)").run(sealer.seal(identity, "identity", "bytes", 1));
  database.close();
  const [byStore, byQueue] = [directory.file("by-store.db"), directory.file("by-queue.db")];
  for (const path of [byStore, byQueue]) copyFileSync(old, path);
  {
    await using store = await openSqliteStore({ path: byStore, key });
    expect(await store.secrets.identity()).toEqual(identity);
  }
  for (const path of [byStore, byQueue]) {
    await using queue = await openSqliteQueueStore({ path, key });
    await queue.commit([put("a")]);
    expect(await idsOf(queue)).toEqual(["a"]);
  }
  await using store = await openSqliteStore({ path: byQueue, key });
  expect(await store.secrets.identity()).toEqual(identity);
});

test("no file shows bytes, ids, receipts or errors of the delivery service", async () => {
  mkdirSync(directory.file("sealed"));
  const path = directory.file("sealed/queue.db");
  await using store = await openSqliteQueueStore({ path, key });
  const problem = { message: "hidden-problem", isTemporary: false };
  const outcome = { kind: "failed", reason: "refused", problem, willRetry: false } as const;
  await store.commit([
    { kind: "put", record: record("hidden-id"), bytes: new TextEncoder().encode("hidden-bytes ".repeat(500)) },
    { kind: "put", record: { ...record("b", 2), batch: { id: "hidden-batch", size: 1 } }, bytes: Uint8Array.of(1) },
    put("hidden-ended", 3),
    ledger(1),
  ]);
  await store.commit([end("hidden-ended"), { kind: "end", record: { id: "c", endedAtMs: 1, outcome } }]);
  const expectSealed = () => {
    const names = readdirSync(directory.file("sealed"));
    const all = Buffer.concat(names.map((name) => readFileSync(directory.file(`sealed/${name}`))));
    expect(all.includes("queued_messages")).toBe(true); // the search does find what is there
    for (const text of ["hidden", "receipt of", "usedBy", "submittedAtMs"]) expect(all.includes(text)).toBe(false);
  };
  // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
  expectSealed();
  await store.close();
  expectSealed();
});

test.each([
  ["exchanged records", "UPDATE queued_messages SET record = (SELECT record FROM queued_messages WHERE position = 2)"],
  ["exchanged bytes", "UPDATE queued_bytes SET bytes = (SELECT bytes FROM queued_bytes WHERE position = 2)"],
  ["a changed tag", "UPDATE queued_messages SET tag = x'00' WHERE position = 1"],
  ["an outcome of another message", "UPDATE ended_messages SET tag = x'00'"],
  ["another ledger", "UPDATE quota_ledger SET ledger = (SELECT record FROM ended_messages)"],
])("%s behind the store's back: CORRUPT when it is read", async (why, sql) => {
  const path = directory.file(`damage-${why}.db`);
  {
    await using store = await openSqliteQueueStore({ path, key });
    await store.commit([put("a", 1), put("b", 2), end("c"), ledger(1)]);
  }
  const database = new Database(path);
  database.exec(sql);
  database.close();
  await using store = await openSqliteQueueStore({ path, key });
  const reading = sql.includes("queued_bytes") ? store.bytesOf("a") : store.load();
  await expect(reading).rejects.toMatchObject({ name: "StoreError", code: "CORRUPT" });
});
