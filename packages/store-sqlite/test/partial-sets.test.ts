import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DurableReassembler, MemoryPartialSetStore, Segmenter, type StoredSegment } from "@chat/segmentation";
import { describePartialSetStore } from "@chat/segmentation/testing";
import { openSqlitePartialSetStore, openSqliteStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import fc from "fast-check";
import { Connection } from "../src/connection.ts";
import { createDataKey } from "../src/key.ts";
import { FIRST } from "../src/migrations/0001-first.ts";
import { SqlitePartialSets } from "../src/partial-sets.ts";
import { migrate } from "../src/schema.ts";
import { Sealer } from "../src/sealer.ts";
import { payloadOf } from "./payload.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

describePartialSetStore("the store of partial sets on SQLite", async () => {
  const path = directory.file(`contract-${count++}.db`);
  let store = await openSqlitePartialSetStore({ path, key });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqlitePartialSetStore({ path, key });
      return store;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
});

/** A store on a connection of the test's own, to reach what the public opening hides. */
function openBare(name: string): { connection: Connection; store: SqlitePartialSets } {
  const path = directory.file(name);
  writeFileSync(path, "");
  const connection = new Connection(path);
  connection.pragma("journal_mode = WAL");
  migrate(connection, 0);
  return { connection, store: new SqlitePartialSets(connection, new Sealer(Uint8Array.from(key))) };
}

function segment(number: number, setId = "set", length = 100): StoredSegment {
  return { setId, sender: "saro", bytes: payloadOf(length, number), receivedAtMs: number };
}

async function timesOf(store: { segments(): AsyncIterable<StoredSegment> }): Promise<number[]> {
  return (await Array.fromAsync(store.segments())).map(({ receivedAtMs }) => receivedAtMs);
}

test("20 MB half received are completed by the other half after a restart", async () => {
  const path = directory.file("restart.db");
  const payload = payloadOf(20 * 2 ** 20, 1);
  const options = { maxMessageSize: 100 * 1024, wrap: "always" } as const;
  const segments = [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
  const half = segments.length >> 1;
  {
    await using store = await openSqlitePartialSetStore({ path, key });
    const reassembler = await DurableReassembler.open({ ...options, store });
    const results = await Promise.all(segments.slice(half).map((bytes) => reassembler.accept(bytes, { nowMs: 1 })));
    expect(results.at(-1)).toMatchObject({ kind: "pending", held: segments.length - half });
  }
  let setId: string | undefined;
  {
    await using store = await openSqlitePartialSetStore({ path, key });
    const reassembler = await DurableReassembler.open({ ...options, store });
    const results = await Promise.all(segments.slice(0, half).map((bytes) => reassembler.accept(bytes, { nowMs: 2 })));
    const last = results.at(-1);
    if (last?.kind !== "complete") throw new Error(`last segment: want complete, got ${last?.kind}`);
    expect(Buffer.compare(last.payload, payload)).toBe(0);
    setId = last.setId;
  }
  await using store = await openSqlitePartialSetStore({ path, key });
  const reassembler = await DurableReassembler.open({ ...options, store });
  const [recovered] = reassembler.recovered();
  if (recovered === undefined) throw new Error("recovered: want the payload that was not taken, got none");
  expect(recovered.setId).toBe(setId);
  expect(Buffer.compare(recovered.payload, payload)).toBe(0);
  await reassembler.taken({ setId: recovered.setId, nowMs: 3 });
  expect(await timesOf(store)).toEqual([]);
  expect(await Array.fromAsync(store.completed())).toEqual([{ setId, sender: "", completedAtMs: 3 }]);
});

test("any history of calls that overlap reads as it does in memory, also after opening again", async () => {
  const names = { setId: fc.constantFrom("a", "b", "\ud800"), sender: fc.constantFrom("", "saro") };
  const timeMs = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ noDefaultInfinity: true, noNaN: true, min: 0 }));
  const calls = fc.array(
    fc.oneof(
      fc.record({ call: fc.constant("add" as const), ...names, bytes: fc.uint8Array(), timeMs }),
      fc.record({ call: fc.constantFrom("remove" as const, "complete" as const), ...names, timeMs }),
      fc.record({ call: fc.constant("forget" as const), timeMs }),
      fc.record({ call: fc.constant("read" as const) }),
    ),
    { maxLength: 60 },
  );
  const reads = async (store: MemoryPartialSetStore | SqlitePartialSets) => [
    await Array.fromAsync(store.segments()),
    await Array.fromAsync(store.completed()),
  ];
  const { connection, store } = openBare("history.db");
  await using _store = store;
  const property = fc.asyncProperty(calls, async (history) => {
    connection.exec("DELETE FROM partial_segments; DELETE FROM completed_sets");
    const memory = new MemoryPartialSetStore();
    const writes: Promise<void>[] = [];
    for (const each of history) {
      if (each.call === "read") {
        const [seen, expected] = await Promise.all([reads(store), reads(memory)]);
        expect(seen).toEqual(expected);
        continue;
      }
      for (const one of [store, memory]) {
        const { timeMs } = each;
        if (each.call === "add") {
          const { setId, sender, bytes } = each;
          writes.push(one.add({ setId, sender, bytes, receivedAtMs: timeMs }));
        }
        if (each.call === "remove") writes.push(one.remove(each.setId, each.sender));
        if (each.call === "complete") {
          writes.push(one.complete({ setId: each.setId, sender: each.sender, completedAtMs: timeMs }));
        }
        if (each.call === "forget") writes.push(one.forgetCompleted(timeMs));
      }
    }
    await Promise.all(writes);
    expect(await reads(store)).toEqual(await reads(memory));
    expect(await reads(new SqlitePartialSets(connection, new Sealer(Uint8Array.from(key))))).toEqual(
      await reads(store),
    );
  });
  await fc.assert(property, { numRuns: 60 });
});

test("reading goes on from page to page beside writes, without what was added or removed since", async () => {
  const { store } = openBare("pages.db");
  await using _store = store;
  await Promise.all(Array.from({ length: 100 }, (_, number) => store.add(segment(number, `set-${number}`))));
  const reading = store.segments();
  expect((await reading.next()).value).toEqual(segment(0, "set-0"));
  const writes = [store.add(segment(100)), store.remove("set-99", "saro")];
  const rest = await Array.fromAsync(reading);
  expect(rest.map(({ receivedAtMs }) => receivedAtMs)).toEqual(Array.from({ length: 98 }, (_, index) => index + 1));
  await Promise.all(writes);
  expect(await timesOf(store)).toHaveLength(100);
});

test("segments that are added in one turn share one commit", async () => {
  const { connection, store } = openBare("groups.db");
  await using _store = store;
  const exec = jest.spyOn(connection, "exec");
  await Promise.all(Array.from({ length: 50 }, (_, number) => store.add(segment(number))));
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1);
});

test("on a full disk a segment is refused, and held when it is given again with room", async () => {
  const { connection, store } = openBare("full.db");
  await using _store = store;
  const options = { maxMessageSize: 100_000, wrap: "always" } as const;
  const payload = payloadOf(1_000_000, 1);
  const segments = [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
  const reassembler = await DurableReassembler.open({ ...options, store });
  connection.pragma("max_page_count = 150");
  const outcomes: boolean[] = [];
  for (const bytes of segments) {
    const [outcome] = await Promise.allSettled([reassembler.accept(bytes, { nowMs: 1 })]);
    outcomes.push(outcome.status === "fulfilled");
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ name: "StoreError", code: "IO" });
  }
  expect(await timesOf(store)).toHaveLength(outcomes.filter(Boolean).length);
  expect(outcomes).toContain(true);
  expect(outcomes).toContain(false);
  connection.pragma("max_page_count = 10000");
  const refused = segments.filter((_, index) => outcomes[index] === false);
  const results = [];
  for (const bytes of refused) results.push(await reassembler.accept(bytes, { nowMs: 1 }));
  const last = results.at(-1);
  if (last?.kind !== "complete") throw new Error(`last segment: want complete, got ${last?.kind}`);
  expect(Buffer.compare(last.payload, payload)).toBe(0);
});

test("a call that fails leaves the others of its group alone", async () => {
  const { connection, store } = openBare("failing.db");
  await using _store = store;
  connection.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON partial_segments WHEN new.position = 2 BEGIN SELECT raise(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled([1, 2, 3].map((number) => store.add(segment(number))));
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { name: "StoreError", code: "IO" } },
    { status: "fulfilled" },
  ]);
  expect(await timesOf(store)).toEqual([1, 3]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("the time %d is refused", async (timeMs) => {
  const { store } = openBare(`time-${timeMs}.db`);
  await using _store = store;
  const invalid = { name: "StoreError", code: "INVALID_RECORD" };
  await expect(store.add({ ...segment(1), receivedAtMs: timeMs })).rejects.toMatchObject(invalid);
  await expect(store.complete({ setId: "a", sender: "", completedAtMs: timeMs })).rejects.toMatchObject(invalid);
});

test("closing keeps what was not awaited and refuses what comes later, a reading under way included", async () => {
  const path = directory.file("closing.db");
  const store = await openSqlitePartialSetStore({ path, key });
  await Promise.all([store.add(segment(1)), store.add(segment(2))]);
  const reading = store.segments()[Symbol.asyncIterator]();
  await reading.next();
  const added = store.add(segment(3));
  await Promise.all([store.close(), store.close(), added]);
  const closed = { name: "StoreError", code: "CLOSED" };
  await expect(reading.next()).rejects.toMatchObject(closed);
  await expect(Array.fromAsync(store.completed())).rejects.toMatchObject(closed);
  await expect(store.add(segment(4))).rejects.toMatchObject(closed);
  await expect(store.remove("set", "")).rejects.toMatchObject(closed);
  await expect(store.complete({ setId: "set", sender: "", completedAtMs: 1 })).rejects.toMatchObject(closed);
  await expect(store.forgetCompleted(1)).rejects.toMatchObject(closed);
  await using again = await openSqlitePartialSetStore({ path, key });
  expect(await timesOf(again)).toEqual([1, 2, 3]);
});

test("one file serves both stores, one after the other", async () => {
  const path = directory.file("both.db");
  {
    await using store = await openSqliteStore({ path, key });
    await store.write((tx) => tx.messages.setConsumed(5));
    await expect(openSqlitePartialSetStore({ path, key })).rejects.toMatchObject({ code: "STORE_LOCKED" });
  }
  {
    await using sets = await openSqlitePartialSetStore({ path, key });
    await sets.add(segment(1));
    await expect(openSqliteStore({ path, key })).rejects.toMatchObject({ code: "STORE_LOCKED" });
  }
  await using store = await openSqliteStore({ path, key });
  expect(await store.messages.consumed()).toBe(5);
});

test("partial sets open with their own key only", async () => {
  const path = directory.file("key.db");
  await using store = await openSqlitePartialSetStore({ path, key });
  await store.add(segment(1));
  await store.close();
  const opening = openSqlitePartialSetStore({ path, key: new Uint8Array(32) });
  await expect(opening).rejects.toMatchObject({ name: "StoreError", code: "WRONG_KEY" });
  await using again = await openSqlitePartialSetStore({ path, key });
  expect(await Array.fromAsync(again.segments())).toEqual([segment(1)]);
});

test("a database of schema 1 is brought up to date with all it holds, by either opening", async () => {
  const old = directory.file("schema-1.db");
  const { dataKey, row } = await createDataKey(key, "");
  const sealer = new Sealer(dataKey);
  const database = new Database(old);
  database.exec(`${FIRST} PRAGMA application_id = 0x63686174; PRAGMA user_version = 1`);
  database.prepare("INSERT INTO data_key (id, kek, wrapped) VALUES (1, 'bytes', ?)").run(row.wrapped);
  const identity = Uint8Array.of(1, 2, 3);
  database.prepare("INSERT INTO identity VALUES (1, ?)").run(sealer.seal(identity, "identity", "bytes", 1));
  database.close();
  const [byStore, bySets] = [directory.file("by-store.db"), directory.file("by-sets.db")];
  for (const path of [byStore, bySets]) copyFileSync(old, path);
  {
    await using store = await openSqliteStore({ path: byStore, key });
    expect(await store.secrets.identity()).toEqual(identity);
  }
  for (const path of [byStore, bySets]) {
    await using sets = await openSqlitePartialSetStore({ path, key });
    await sets.add(segment(1));
    expect(await timesOf(sets)).toEqual([1]);
  }
  await using store = await openSqliteStore({ path: bySets, key });
  expect(await store.secrets.identity()).toEqual(identity);
});

test("no file shows a chunk, the payload's hash or a sender", async () => {
  const folder = directory.file("sealed");
  mkdirSync(folder);
  const path = directory.file("sealed/sets.db");
  await using store = await openSqlitePartialSetStore({ path, key });
  const options = { maxMessageSize: 2_000, wrap: "always" } as const;
  const reassembler = await DurableReassembler.open({ ...options, store });
  const sets = ["one", "two"].map((name) => {
    const payload = new TextEncoder().encode(`${name} hidden-payload `.repeat(500));
    return [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
  });
  const setIds: string[] = [];
  for (const [index, segments] of sets.entries()) {
    for (const bytes of index === 0 ? segments : segments.slice(1)) {
      const result = await reassembler.accept(bytes, { sender: "hidden-sender", nowMs: 1 });
      if (result.kind === "discarded" || result.setId === undefined) throw new Error("want it held");
      setIds[index] = result.setId;
    }
  }
  const [done = "", open = ""] = setIds;
  await reassembler.taken({ setId: done, sender: "hidden-sender", nowMs: 1 });
  const expectSealed = () => {
    const all = Buffer.concat(readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`)));
    expect(all.includes("partial_segments")).toBe(true); // the search does find what is there
    expect(all.includes("hidden")).toBe(false);
    for (const setId of [done, open]) {
      expect(setId.length).toBeGreaterThan(32);
      expect(all.includes(setId)).toBe(false);
      const [hash = ""] = setId.match(/[0-9a-f]{64}/) ?? [];
      expect(hash).toHaveLength(64);
      expect(all.includes(Buffer.from(hash, "hex"))).toBe(false);
    }
  };
  // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
  expectSealed();
  await store.close();
  expectSealed();
});

test.each([
  ["exchanged bytes", "UPDATE partial_segments SET bytes = (SELECT bytes FROM partial_segments WHERE position = 2)"],
  ["an exchanged origin", "UPDATE partial_segments SET origin = (SELECT origin FROM partial_segments LIMIT 1)"],
  ["a changed order", "UPDATE partial_segments SET position = position + 5"],
  ["a changed tag", "UPDATE partial_segments SET set_tag = x'00'"],
  ["a changed time of completion", "UPDATE completed_sets SET completed_at_ms = 8"],
  ["a changed tag of a completed set", "UPDATE completed_sets SET set_tag = x'00'"],
])("%s behind the store's back is CORRUPT when it is read", async (why, sql) => {
  const path = directory.file(`damage-${why}.db`);
  {
    await using store = await openSqlitePartialSetStore({ path, key });
    await Promise.all([store.add(segment(1, "a")), store.add(segment(2, "b"))]);
    await store.complete({ setId: "c", sender: "", completedAtMs: 7 });
  }
  const database = new Database(path);
  database.exec(sql);
  database.close();
  await using store = await openSqlitePartialSetStore({ path, key });
  const reading = sql.includes("completed_sets")
    ? Array.fromAsync<unknown>(store.completed())
    : Array.fromAsync<unknown>(store.segments());
  await expect(reading).rejects.toMatchObject({ name: "StoreError", code: "CORRUPT" });
});
