import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  DurableReassembler,
  MemoryPartialSetStore,
  type PartialSetStore,
  Segmenter,
  type StoredSegment,
} from "@chat/segmentation";
import { describePartialSetStore } from "@chat/segmentation/testing";
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

describePartialSetStore("the store of partial sets on SQLite", async () => {
  const path = directory.file(`contract-${count++}.db`);
  let store = await openStore({ path, key });
  return {
    store: store.partialSets,
    reopen: async () => {
      await store.close();
      store = await openStore({ path, key });
      return store.partialSets;
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
});

/** A store on a connection of the test's own, to reach what the public opening hides. */
function openBare(name: string): { connection: Connection; store: OpenedStore } {
  const path = directory.file(name);
  writeFileSync(path, "");
  const connection = new Connection(path);
  connection.pragma("journal_mode = WAL");
  migrate(connection, 0);
  return { connection, store: new OpenedStore(connection, new Sealer(Uint8Array.from(key))) };
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
    await using store = await openStore({ path, key });
    const { partialSets: sets } = store;
    const reassembler = await DurableReassembler.open({ ...options, store: sets });
    const results = await Promise.all(segments.slice(half).map((bytes) => reassembler.accept(bytes, { nowMs: 1 })));
    expect(results.at(-1)).toMatchObject({ kind: "pending", held: segments.length - half });
  }
  let setId: string | undefined;
  {
    await using store = await openStore({ path, key });
    const { partialSets: sets } = store;
    const reassembler = await DurableReassembler.open({ ...options, store: sets });
    const results = await Promise.all(segments.slice(0, half).map((bytes) => reassembler.accept(bytes, { nowMs: 2 })));
    const last = results.at(-1);
    if (last?.kind !== "complete") throw new Error(`last segment: want complete, got ${last?.kind}`);
    expect(Buffer.compare(last.payload, payload)).toBe(0);
    setId = last.setId;
  }
  await using store = await openStore({ path, key });
  const { partialSets: sets } = store;
  const reassembler = await DurableReassembler.open({ ...options, store: sets });
  const [recovered] = reassembler.recovered();
  if (recovered === undefined) throw new Error("recovered: want the payload that was not taken, got none");
  expect(recovered.setId).toBe(setId);
  expect(Buffer.compare(recovered.payload, payload)).toBe(0);
  await reassembler.taken({ setId: recovered.setId, nowMs: 3 });
  expect(await timesOf(sets)).toEqual([]);
  expect(await Array.fromAsync(sets.completed())).toEqual([{ setId, sender: "", completedAtMs: 3 }]);
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
  const reads = async (sets: PartialSetStore) => [
    await Array.fromAsync(sets.segments()),
    await Array.fromAsync(sets.completed()),
  ];
  const { connection, store } = openBare("history.db");
  await using _store = store;
  const { partialSets: sets } = store;
  const property = fc.asyncProperty(calls, async (history) => {
    connection.exec("DELETE FROM partial_segments; DELETE FROM completed_sets");
    const memory = new MemoryPartialSetStore();
    const writes: Promise<void>[] = [];
    for (const each of history) {
      if (each.call === "read") {
        const [seen, expected] = await Promise.all([reads(sets), reads(memory)]);
        expect(seen).toEqual(expected);
        continue;
      }
      for (const one of [sets, memory]) {
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
    expect(await reads(sets)).toEqual(await reads(memory));
    expect(await reads(new OpenedStore(connection, new Sealer(Uint8Array.from(key))).partialSets)).toEqual(
      await reads(sets),
    );
  });
  await fc.assert(property, { numRuns: 60 });
});

test("reading goes on from page to page beside writes, without what was added or removed since", async () => {
  const { store } = openBare("pages.db");
  await using _store = store;
  const { partialSets: sets } = store;
  await Promise.all(Array.from({ length: 100 }, (_, number) => sets.add(segment(number, `set-${number}`))));
  const reading = sets.segments()[Symbol.asyncIterator]();
  expect((await reading.next()).value).toEqual(segment(0, "set-0"));
  const writes = [sets.add(segment(100)), sets.remove("set-99", "saro")];
  const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => reading });
  expect(rest.map(({ receivedAtMs }) => receivedAtMs)).toEqual(Array.from({ length: 98 }, (_, index) => index + 1));
  await Promise.all(writes);
  expect(await timesOf(sets)).toHaveLength(100);
});

test("segments that are added in one turn share one commit", async () => {
  const { connection, store } = openBare("groups.db");
  await using _store = store;
  const { partialSets: sets } = store;
  const exec = jest.spyOn(connection, "exec");
  await Promise.all(Array.from({ length: 50 }, (_, number) => sets.add(segment(number))));
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1);
});

test("on a full disk a segment is refused, and held when it is given again with room", async () => {
  const { connection, store } = openBare("full.db");
  await using _store = store;
  const { partialSets: sets } = store;
  const options = { maxMessageSize: 100_000, wrap: "always" } as const;
  const payload = payloadOf(1_000_000, 1);
  const segments = [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
  const reassembler = await DurableReassembler.open({ ...options, store: sets });
  connection.pragma("max_page_count = 150");
  const outcomes: boolean[] = [];
  for (const bytes of segments) {
    const [outcome] = await Promise.allSettled([reassembler.accept(bytes, { nowMs: 1 })]);
    outcomes.push(outcome.status === "fulfilled");
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ name: "StoreError", code: "IO" });
  }
  expect(await timesOf(sets)).toHaveLength(outcomes.filter(Boolean).length);
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
  const { partialSets: sets } = store;
  connection.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON partial_segments WHEN new.position = 2 BEGIN SELECT raise(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled([1, 2, 3].map((number) => sets.add(segment(number))));
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { name: "StoreError", code: "IO" } },
    { status: "fulfilled" },
  ]);
  expect(await timesOf(sets)).toEqual([1, 3]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("the time %d is refused", async (timeMs) => {
  const { store } = openBare(`time-${timeMs}.db`);
  await using _store = store;
  const { partialSets: sets } = store;
  const invalid = { name: "StoreError", code: "INVALID_RECORD" };
  await expect(sets.add({ ...segment(1), receivedAtMs: timeMs })).rejects.toMatchObject(invalid);
  await expect(sets.complete({ setId: "a", sender: "", completedAtMs: timeMs })).rejects.toMatchObject(invalid);
});

test("closing keeps what was not awaited and refuses what comes later, a reading under way included", async () => {
  const path = directory.file("closing.db");
  const store = await openStore({ path, key });
  const { partialSets: sets } = store;
  await Promise.all([sets.add(segment(1)), sets.add(segment(2))]);
  const reading = sets.segments()[Symbol.asyncIterator]();
  await reading.next();
  const added = sets.add(segment(3));
  await Promise.all([store.close(), store.close(), added]);
  const closed = { name: "StoreError", code: "CLOSED" };
  await expect(reading.next()).rejects.toMatchObject(closed);
  await expect(Array.fromAsync(sets.completed())).rejects.toMatchObject(closed);
  await expect(sets.add(segment(4))).rejects.toMatchObject(closed);
  await expect(sets.remove("set", "")).rejects.toMatchObject(closed);
  await expect(sets.complete({ setId: "set", sender: "", completedAtMs: 1 })).rejects.toMatchObject(closed);
  await expect(sets.forgetCompleted(1)).rejects.toMatchObject(closed);
  await using again = await openStore({ path, key });
  expect(await timesOf(again.partialSets)).toEqual([1, 2, 3]);
});

test("no file shows a chunk, the payload's hash or a sender", async () => {
  const folder = directory.file("sealed");
  mkdirSync(folder);
  const path = directory.file("sealed/sets.db");
  await using store = await openStore({ path, key });
  const { partialSets: sets } = store;
  const options = { maxMessageSize: 2_000, wrap: "always" } as const;
  const reassembler = await DurableReassembler.open({ ...options, store: sets });
  const segmented = ["one", "two"].map((name) => {
    const payload = new TextEncoder().encode(`${name} hidden-payload `.repeat(500));
    return [...new Segmenter({ ...options, parity: "none" }).segment(payload)];
  });
  const setIds: string[] = [];
  for (const [index, segments] of segmented.entries()) {
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
    await using store = await openStore({ path, key });
    const { partialSets: sets } = store;
    await Promise.all([sets.add(segment(1, "a")), sets.add(segment(2, "b"))]);
    await sets.complete({ setId: "c", sender: "", completedAtMs: 7 });
  }
  const database = new Database(path);
  database.exec(sql);
  database.close();
  await using store = await openStore({ path, key });
  const { partialSets: sets } = store;
  const reading = sql.includes("completed_sets")
    ? Array.fromAsync<unknown>(sets.completed())
    : Array.fromAsync<unknown>(sets.segments());
  await expect(reading).rejects.toMatchObject({ name: "StoreError", code: "CORRUPT" });
});
