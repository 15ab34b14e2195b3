import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { MemoryQueue, openMemoryQueue, type QueueChange, type QueuedRecord, type QueueStore } from "@chat/ratelimit";
import { describeQueueStore } from "@chat/ratelimit/testing";
import { openStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import fc from "fast-check";
import { Connection } from "../src/connection.ts";
import { migrate } from "../src/schema.ts";
import { Sealer } from "../src/sealer.ts";
import { OpenedStore } from "../src/sqlite-store.ts";
import { payloadOf } from "./payload.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

describeQueueStore("the queue on SQLite", async () => {
  const path = directory.file(`contract-${count++}.db`);
  const opened: AsyncDisposable[] = [];
  return {
    open: async () => {
      const store = await openStore({ path, key });
      opened.push(store);
      const { queue } = store;
      return {
        load: () => queue.load(),
        commit: (changes) => queue.commit(changes),
        bytesOf: (id) => queue.bytesOf(id),
        close: () => store.close(),
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store[Symbol.asyncDispose]();
    },
  };
});

/** A store on a connection of the test's own, to reach what the public opening hides. */
function openBare(name: string): { connection: Connection; store: OpenedStore } {
  const path = directory.file(name);
  writeFileSync(path, "");
  const connection = new Connection(path);
  connection.pragma("journal_mode = WAL");
  connection.pragma("foreign_keys = ON");
  migrate(connection, 0);
  return { connection, store: new OpenedStore(connection, new Sealer(Uint8Array.from(key))) };
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

async function idsOf(queue: QueueStore): Promise<string[]> {
  return (await queue.load()).queued.map(({ id }) => id);
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
  const reads = async (queue: QueueStore) => {
    const { queued, ...rest } = await queue.load();
    const bytes = await Promise.all(["a", "b", "c", "\ud800"].map((each) => queue.bytesOf(each)));
    // Among equal sequences, which no manager gives, there is no order.
    return { ...rest, queued: [...queued].sort((a, b) => a.id.localeCompare(b.id)), bytes };
  };
  const { connection, store } = openBare("history.db");
  await using _store = store;
  const { queue } = store;
  const property = fc.asyncProperty(histories, async (history) => {
    connection.exec("DELETE FROM queued_messages; DELETE FROM ended_messages; DELETE FROM quota_ledger");
    const memory = await openMemoryQueue(new MemoryQueue());
    const commits: Promise<void>[] = [];
    for (const each of history) {
      if (each === "read") expect(await reads(queue)).toEqual(await reads(memory));
      else commits.push(queue.commit(each), memory.commit(each));
    }
    await Promise.all(commits);
    expect(await reads(queue)).toEqual(await reads(memory));
    const again = new OpenedStore(connection, new Sealer(Uint8Array.from(key)));
    expect(await reads(again.queue)).toEqual(await reads(memory));
  });
  await fc.assert(property, { numRuns: 100 });
});

test("commits that are given in one turn share one wait for the disk", async () => {
  const { connection, store } = openBare("groups.db");
  await using _store = store;
  const { queue } = store;
  const exec = jest.spyOn(connection, "exec");
  await Promise.all(Array.from({ length: 50 }, (_, number) => queue.commit([put(`m${number}`, number)])));
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1);
});

test("more messages than a page holds come back, without bytes of those that ended", async () => {
  const { connection, store } = openBare("pages.db");
  await using _store = store;
  const { queue } = store;
  const ids = Array.from({ length: 2_500 }, (_, number) => `m${number}`);
  await queue.commit(ids.map((id, number) => put(id, 2_500 - number)));
  await queue.commit(ids.slice(0, 1_200).map(end));
  const { queued, ended } = await queue.load();
  expect(queued.map(({ id }) => id)).toEqual(ids.slice(1_200).reverse());
  expect(ended.map(({ id }) => id)).toEqual(ids.slice(0, 1_200));
  const rows = connection.statement<{ count: number }>("SELECT count(*) AS count FROM queued_bytes").get();
  expect(rows).toEqual({ count: 1_300 });
});

test("of a commit that fails in the middle nothing is there, the others of its group and later ones are", async () => {
  const { connection, store } = openBare("failing.db");
  await using _store = store;
  const { queue } = store;
  await queue.commit([put("old", 1), ledger(1)]);
  connection.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON ended_messages WHEN (SELECT count(*) FROM queued_messages) = 3" +
      " BEGIN SELECT raise(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled([
    queue.commit([put("before", 2)]),
    queue.commit([ledger(2), put("half", 3), put("half too", 4), end("old"), put("not reached", 5)]),
    queue.commit([put("after", 6)]),
  ]);
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { name: "StoreError", code: "IO" } },
    { status: "fulfilled" },
  ]);
  expect(await queue.load()).toMatchObject({ ledger: { epochs: [{ used: 1 }] }, ended: [] });
  expect(await idsOf(queue)).toEqual(["old", "before", "after"]);
  expect(await queue.bytesOf("half")).toBeUndefined();
  connection.exec("DROP TRIGGER refuse");
  await queue.commit([ledger(2), end("old")]);
  expect(await queue.load()).toMatchObject({ ledger: { epochs: [{ used: 2 }] }, ended: [{ id: "old" }] });
});

test("on a full disk a commit is refused whole, and taken when there is room", async () => {
  const { connection, store } = openBare("full.db");
  await using _store = store;
  const { queue } = store;
  connection.pragma("max_page_count = 100");
  const taken: string[] = [];
  const refused: string[] = [];
  for (let number = 0; number < 30; number += 1) {
    const [outcome] = await Promise.allSettled([
      queue.commit([
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
  expect(await idsOf(queue)).toEqual(taken);
  expect(await queue.load()).toMatchObject({ ledger: { epochs: [{ used: taken.length / 2 - 1 }] } });
  connection.pragma("max_page_count = 10000");
  await queue.commit(refused.map((id, index) => put(id, 1_000 + index, 30_000)));
  expect(await idsOf(queue)).toEqual([...taken, ...refused]);
});

test("closing keeps what was not awaited and refuses what comes later with the port's own code", async () => {
  const path = directory.file("closing.db");
  const store = await openStore({ path, key });
  const { queue } = store;
  const committed = queue.commit([put("a")]);
  await Promise.all([store.close(), store.close(), committed]);
  const closed = { name: "RateLimitError", code: "CLOSED" };
  await expect(queue.commit([put("b")])).rejects.toMatchObject(closed);
  await expect(queue.load()).rejects.toMatchObject(closed);
  await expect(queue.bytesOf("a")).rejects.toMatchObject(closed);
  await using again = await openStore({ path, key });
  expect(await idsOf(again.queue)).toEqual(["a"]);
});

test("closing the queue, as a manager does, leaves the store open and gives the queue to another manager", async () => {
  const path = directory.file("managers.db");
  await using store = await openStore({ path, key });
  const first = store.queue;
  expect(store.queue).toBe(first);
  const committed = first.commit([put("a")]);
  await Promise.all([first.close(), first.close(), committed]);
  await expect(first.load()).rejects.toMatchObject({ name: "RateLimitError", code: "CLOSED" });
  await store.write((tx) => tx.messages.setConsumed(5));
  expect(await store.messages.consumed()).toBe(5);
  expect(await idsOf(store.queue)).toEqual(["a"]);
  await store.close();
  await expect(store.queue.load()).rejects.toMatchObject({ name: "RateLimitError", code: "CLOSED" });
});

test("no file shows bytes, ids, receipts or errors of the delivery service", async () => {
  mkdirSync(directory.file("sealed"));
  const path = directory.file("sealed/queue.db");
  await using store = await openStore({ path, key });
  const { queue } = store;
  const problem = { message: "hidden-problem", isTemporary: false };
  const outcome = { kind: "failed", reason: "refused", problem, willRetry: false } as const;
  await queue.commit([
    { kind: "put", record: record("hidden-id"), bytes: new TextEncoder().encode("hidden-bytes ".repeat(500)) },
    { kind: "put", record: { ...record("b", 2), batch: { id: "hidden-batch", size: 1 } }, bytes: Uint8Array.of(1) },
    put("hidden-ended", 3),
    ledger(1),
  ]);
  await queue.commit([end("hidden-ended"), { kind: "end", record: { id: "c", endedAtMs: 1, outcome } }]);
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
    await using store = await openStore({ path, key });
    const { queue } = store;
    await queue.commit([put("a", 1), put("b", 2), end("c"), ledger(1)]);
  }
  const database = new Database(path);
  database.exec(sql);
  database.close();
  await using store = await openStore({ path, key });
  const { queue } = store;
  const reading = sql.includes("queued_bytes") ? queue.bytesOf("a") : queue.load();
  await expect(reading).rejects.toMatchObject({ name: "StoreError", code: "CORRUPT" });
});
