import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { StoreError } from "@chat/store";
import { randomHistory, snapshotOf } from "@chat/store/testing";
import { openStore } from "@chat/store-sqlite";
import { beforeAll, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const intact = directory.file("intact.db");
const PAGE = 4_096;
/** The first byte of a page with rows. */
const TABLE_LEAF = 0x0d;
const corrupt = { name: "StoreError", code: "CORRUPT" };

beforeAll(async () => {
  await using store = await openStore({ path: intact, key });
  await Promise.allSettled(randomHistory(1, 100).map(({ change }) => store.write(change)));
  const message = { conversationId: "c9", direction: "incoming", status: "received", lamport: 0 } as const;
  await store.write((tx) => {
    tx.messages.putConversation({ id: "c9", peer: "peer", createdAtMs: 0 });
    tx.secrets.putInvite({ id: "i9", snapshot: Uint8Array.of(1) });
    for (const name of ["a", "b"]) {
      const bytes = new TextEncoder().encode(name);
      tx.messages.putMessage({ ...message, id: name, content: bytes, sentAtMs: 0, storedAtMs: 0 });
      tx.messages.putOutgoing({ sessionId: "s9", sdsId: name, messageId: name, bytes });
      tx.messages.putSegment({
        sessionId: "s9",
        setId: "set",
        index: bytes[0] ?? 0,
        isParity: false,
        bytes,
        storedAtMs: 0,
      });
      tx.messages.putHeld({ sessionId: "s", sdsId: name, lamport: 0, bytes });
      tx.messages.putSdsState(name, bytes);
      tx.secrets.putSession({ id: name, conversationId: "c9", snapshot: bytes });
    }
  });
});

/** A copy of the intact database with `sql` run on it behind the store's back. */
function changed(name: string, sql: string): string {
  const path = directory.file(name);
  copyFileSync(intact, path);
  const database = new Database(path);
  database.exec(sql);
  database.close();
  return path;
}

// Down to 2 bytes: SQLite takes a file of 1 byte for an empty one, and an empty file is a new database.
test("a file cut off anywhere is CORRUPT", async () => {
  const path = directory.file("cut.db");
  const { size } = statSync(intact);
  for (const kept of [2, 50, 99, 100, 511, 4095, 4096, 8192, Math.floor(size / 2), size - 4096, size - 1]) {
    copyFileSync(intact, path);
    truncateSync(path, kept);
    await expect(openStore({ path, key })).rejects.toMatchObject(corrupt);
  }
});

test.each([
  ["text", new TextEncoder().encode("no database ".repeat(1_000))],
  ["a few bytes", Uint8Array.of(1, 2, 3)],
  ["zeros", new Uint8Array(8_192)],
  ["a header and nothing sensible after it", new TextEncoder().encode(`SQLite format 3\0${"x".repeat(5_000)}`)],
])("a file of %s is CORRUPT and stays as it is", async (name, bytes) => {
  const path = directory.file(`${name}.db`);
  writeFileSync(path, bytes);
  await expect(openStore({ path, key })).rejects.toMatchObject(corrupt);
  expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(bytes));
});

test("the database of another application is CORRUPT and stays as it is", async () => {
  const path = directory.file("foreign.db");
  const database = new Database(path);
  database.exec("CREATE TABLE notes (text TEXT)");
  database.close();
  const before = readFileSync(path);
  await expect(openStore({ path, key })).rejects.toMatchObject(corrupt);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a newer schema is refused with its version, and stays as it is", async () => {
  const path = changed("newer.db", "PRAGMA user_version = 99");
  const before = readFileSync(path);
  const tooNew = { code: "SCHEMA_TOO_NEW", message: expect.stringContaining("99") };
  await expect(openStore({ path, key })).rejects.toMatchObject(tooNew);
  expect(readFileSync(path).equals(before)).toBe(true);
});

const endless =
  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS topic, i AS timestamp_ms FROM n";
test.each([
  `DROP TABLE cursors; CREATE VIEW cursors AS ${endless}`,
  "CREATE TRIGGER hostile AFTER INSERT ON messages BEGIN DELETE FROM messages; END",
  "CREATE TABLE aside (text TEXT)",
  "DROP INDEX messages_page",
])("after %s, opening is CORRUPT: none of our statements runs what somebody put there", async (sql) => {
  const path = changed("hostile.db", sql);
  const before = readFileSync(path);
  await expect(openStore({ path, key })).rejects.toMatchObject(corrupt);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test.each(["DROP TABLE cursors", "DELETE FROM data_key", "ALTER TABLE messages DROP COLUMN stored_at_ms"])(
  "after %s, opening is CORRUPT",
  async (sql) => {
    await expect(openStore({ path: changed("lacking.db", sql), key })).rejects.toMatchObject(corrupt);
  },
);

const swaps = [
  ["messages", "content", "id"],
  ["outgoing", "bytes", "sds_id"],
  ["segments", "bytes", "segment_index"],
  ["sds_states", "state", "session_id"],
  ["held", "bytes", "sds_id"],
  ["sessions", "snapshot", "id"],
] as const;
test.each(swaps)("%s: sealed values that were exchanged are detected", async (table, column, row) => {
  const [a, b] = row === "segment_index" ? [97, 98] : ["'a'", "'b'"];
  const path = changed(
    "exchanged.db",
    `UPDATE ${table} SET ${column} = (SELECT ${column} FROM ${table} AS other
       WHERE other.${row} = CASE ${table}.${row} WHEN ${a} THEN ${b} ELSE ${a} END)
     WHERE ${row} IN (${a}, ${b})`,
  );
  await using store = await openStore({ path, key });
  const reads = {
    messages: () => store.messages.message("a"),
    outgoing: () => store.messages.outgoing("s9", "a"),
    segments: async () => {
      for await (const _segment of store.messages.segments());
    },
    sds_states: () => store.messages.sdsState("a"),
    held: () => store.messages.held("s", "a"),
    sessions: () => store.secrets.sessions(),
  };
  await expect(reads[table]()).rejects.toMatchObject(corrupt);
});

test("a sealed value moved to another table, or cut short, is detected", async () => {
  const moved = changed("moved.db", "UPDATE invites SET snapshot = (SELECT snapshot FROM sessions WHERE id = 'a')");
  await using first = await openStore({ path: moved, key });
  await expect(first.secrets.invites()).rejects.toMatchObject(corrupt);
  const cut = changed("short.db", "UPDATE invites SET snapshot = substr(snapshot, 1, 20)");
  await using second = await openStore({ path: cut, key });
  await expect(second.secrets.invites()).rejects.toMatchObject(corrupt);
});

test("a page of zeros or garbage, anywhere, is CORRUPT or was not needed: what can be read is right", async () => {
  const path = directory.file("page.db");
  const original = readFileSync(intact);
  const generation = readFileSync(`${intact}.generation`);
  await using store = await openStore({ path: intact, key });
  const content = await snapshotOf(store);
  let refused = 0;
  for (let start = 0; start < original.length; start += PAGE) {
    for (const byte of [0, 0xa5]) {
      writeFileSync(path, Buffer.from(original).fill(byte, start, start + PAGE));
      writeFileSync(`${path}.generation`, generation);
      const read = await contentOf(path).catch((error: unknown) => error);
      if (read instanceof StoreError) {
        expect(read).toMatchObject(corrupt);
        refused += 1;
      } else expect(read).toEqual(content);
    }
  }
  expect(refused).toBeGreaterThan(original.length / PAGE);
});

test("pages of different tables that were exchanged are CORRUPT, or were not needed", async () => {
  const path = directory.file("exchanged-pages.db");
  const original = readFileSync(intact);
  const count = original.length / PAGE;
  const outcomes = new Set<string>();
  for (let page = 1; page < count; page++) {
    const bytes = Buffer.from(original);
    const other = (1 + ((page + 5) % (count - 1))) * PAGE;
    bytes.copyWithin(page * PAGE, other, other + PAGE);
    writeFileSync(path, bytes);
    outcomes.add(await outcomeOf(path));
  }
  expect([...outcomes].sort()).toEqual(["CORRUPT", "works"]);
});

test("rows whose pages were repeated are read once, or are CORRUPT, and never endlessly", async () => {
  const path = directory.file("order.db");
  const rows = 2_500;
  {
    await using store = await openStore({ path, key });
    await store.write((tx) => {
      const common = { sessionId: "s", topic: "/a", priority: "normal", createdAtMs: 1, purpose: "content" } as const;
      const payload = new Uint8Array(50);
      for (let index = 0; index < rows; index++) tx.messages.putOutbox({ ...common, id: `o${index}`, payload });
    });
  }
  const original = readFileSync(path);
  const leaves = Array.from({ length: original.length / PAGE }, (_, page) => page * PAGE).filter(
    (start) => original[start] === TABLE_LEAF,
  );
  const outcomes = new Set<unknown>();
  for (const [index, start] of leaves.entries()) {
    const bytes = Buffer.from(original);
    for (const other of leaves.slice(index + 1)) original.copy(bytes, other, start, start + PAGE);
    writeFileSync(path, bytes);
    outcomes.add(await countRows(path, 2 * rows).catch((error: unknown) => error instanceof StoreError && error.code));
  }
  expect([...outcomes].sort()).toEqual(["CORRUPT", "ended"]);
});

async function countRows(path: string, most: number): Promise<string> {
  await using store = await openStore({ path, key });
  let count = 0;
  for await (const _ of store.messages.outbox()) if (++count > most) return "endless";
  return "ended";
}

async function contentOf(path: string): Promise<unknown> {
  await using store = await openStore({ path, key });
  return await snapshotOf(store);
}

test("flipped bytes end in a StoreError or in a store that works, never in anything else", async () => {
  const path = directory.file("flipped.db");
  const original = readFileSync(intact);
  const outcomes = new Set<string>();
  for (let flip = 0; flip < 60; flip++) {
    const bytes = Buffer.from(original);
    const offset = (flip * 7_919 + (flip % 3) * 13) % bytes.length;
    bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
    outcomes.add(await outcomeOf(path));
  }
  expect(
    [...outcomes].filter((outcome) => !["works", "CORRUPT", "WRONG_KEY", "SCHEMA_TOO_NEW", "IO"].includes(outcome)),
  ).toEqual([]);
  expect(outcomes).toContain("CORRUPT");
});

async function outcomeOf(path: string): Promise<string> {
  try {
    await using store = await openStore({ path, key });
    await snapshotOf(store);
    await store.write((tx) => tx.messages.setCursor("/a", 1));
    return "works";
  } catch (error) {
    return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
  }
}
