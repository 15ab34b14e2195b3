import { writeFileSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import { Connection } from "../src/connection.ts";
import { migrate } from "../src/schema.ts";
import { Sealer } from "../src/sealer.ts";
import { OpenedStore } from "../src/sqlite-store.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);

/** A store on a connection of the test's own, to reach what the public opening hides. */
function openBare(name: string): { connection: Connection; store: OpenedStore } {
  const path = directory.file(name);
  writeFileSync(path, "");
  const connection = new Connection(path);
  connection.pragma("journal_mode = WAL");
  migrate(connection, 0);
  return { connection, store: new OpenedStore(connection, new Sealer(Uint8Array.from(key))) };
}

test("the calls of one turn share one commit, those of different turns do not", async () => {
  const { connection, store } = openBare("groups.db");
  await using _store = store;
  const exec = jest.spyOn(connection, "exec");
  const commits = () => exec.mock.calls.filter(([sql]) => sql === "COMMIT").length;
  await Promise.all(Array.from({ length: 50 }, (_, n) => store.write((tx) => tx.messages.setCursor("/a", n))));
  expect(commits()).toBe(1);
  await store.write((tx) => tx.messages.setCursor("/a", 1));
  await store.write((tx) => tx.messages.setCursor("/a", 2));
  expect(commits()).toBe(3);
});

test("messages, queue and partial sets that are written in one turn share one commit", async () => {
  const { connection, store } = openBare("parts.db");
  await using _store = store;
  const exec = jest.spyOn(connection, "exec");
  const ledger = { floor: 1, epochs: [] };
  await Promise.all([
    store.write((tx) => tx.messages.setCursor("/a", 1)),
    store.queue.commit([{ kind: "ledger", ledger }]),
    store.partialSets.add({ setId: "set", sender: "", bytes: Uint8Array.of(1), receivedAtMs: 1 }),
  ]);
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(1);
  expect(await store.messages.cursor("/a")).toBe(1);
  expect(await store.queue.load()).toMatchObject({ ledger });
  expect(await Array.fromAsync(store.partialSets.segments())).toHaveLength(1);
});

test("on a full disk a call fails with IO and leaves nothing, and the store goes on when there is room", async () => {
  const { connection, store } = openBare("full.db");
  await using _store = store;
  connection.pragma("max_page_count = 60");
  const put = (id: string, length: number) =>
    store.write((tx) => {
      tx.messages.setCursor(id, 1);
      tx.messages.putSdsState(id, new Uint8Array(length));
    });
  const ids = ["small-1", "large", "small-2"];
  const outcomes = await Promise.allSettled([put("small-1", 10), put("large", 1_000_000), put("small-2", 10)]);
  expect(outcomes[1]).toMatchObject({ status: "rejected", reason: { name: "StoreError", code: "IO" } });
  for (const [index, id] of ids.entries()) {
    const isThere = outcomes[index]?.status === "fulfilled";
    expect(await store.messages.cursor(id)).toBe(isThere ? 1 : undefined);
    expect((await store.messages.sdsState(id)) !== undefined).toBe(isThere);
  }
  connection.pragma("max_page_count = 10000");
  await put("large", 1_000_000);
  expect(await store.messages.sdsState("large")).toHaveLength(1_000_000);
});

test("when the commit fails, every call of the group is told and nothing of it is there", async () => {
  const { connection, store } = openBare("commit.db");
  await using _store = store;
  const failure = new Error("commit");
  const exec = connection.exec.bind(connection);
  const spy = jest.spyOn(connection, "exec").mockImplementation((sql) => {
    if (sql === "COMMIT") throw failure;
    exec(sql);
  });
  const own = new Error("own");
  const outcomes = await Promise.allSettled([
    store.write((tx) => tx.messages.setCursor("/a", 1)),
    store.write(() => {
      throw own;
    }),
    store.write((tx) => tx.messages.setCursor("/b", 1)),
  ]);
  expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual([failure, own, failure]);
  spy.mockRestore();
  expect(await store.messages.cursor("/a")).toBeUndefined();
  await store.write((tx) => tx.messages.setCursor("/a", 2));
  expect(await store.messages.cursor("/a")).toBe(2);
});

test("a change may close the store and write to it: the first is done afterwards, the second refused", async () => {
  const path = directory.file("inside.db");
  const store = await openStore({ path, key });
  const inside: Promise<void>[] = [];
  await store.write((tx) => {
    inside.push(store.close());
    inside.push(store.write(() => {}));
    tx.messages.setConsumed(3);
  });
  expect(await Promise.allSettled(inside)).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "CLOSED" } },
  ]);
  await using next = await openStore({ path, key });
  expect(await next.messages.consumed()).toBe(3);
});

test("a change may use the other parts of the store: what it gives them is not part of the change, and comes next", async () => {
  const { connection, store } = openBare("nested.db");
  await using _store = store;
  const exec = jest.spyOn(connection, "exec");
  const inside: Promise<unknown>[] = [];
  const ledger = { floor: 1, epochs: [] };
  const write = store.write(() => {
    inside.push(store.queue.commit([{ kind: "ledger", ledger }]), store.queue.load(), store.queue.close());
    throw new Error("no");
  });
  await expect(write).rejects.toThrow("no");
  expect(await Promise.all(inside)).toMatchObject([undefined, { queued: [] }, undefined]);
  expect(await store.queue.load()).toMatchObject({ ledger });
  expect(exec.mock.calls.filter(([sql]) => sql === "COMMIT")).toHaveLength(2);
});

test("a store is opened with the settings that durability and deletion rest on", async () => {
  const pragma = jest.spyOn(Connection.prototype, "pragma");
  await using _store = await openStore({ path: directory.file("settings.db"), key });
  const connection = pragma.mock.contexts[0];
  pragma.mockRestore();
  if (!(connection instanceof Connection)) throw new Error("pragma: want it called on a Connection");
  const settings = [
    "journal_mode",
    "synchronous",
    "fullfsync",
    "locking_mode",
    "foreign_keys",
    "secure_delete",
    "trusted_schema",
  ];
  const values = settings.map((name) => [name, connection.pragma(name)]);
  expect(Object.fromEntries(values)).toEqual({
    journal_mode: "wal",
    synchronous: 2,
    fullfsync: 1,
    locking_mode: "exclusive",
    foreign_keys: 1,
    secure_delete: 1,
    trusted_schema: 0,
  });
});
