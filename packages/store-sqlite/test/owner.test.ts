import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { StoreError } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import { Child } from "./child/run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const locked = { name: "StoreError", code: "STORE_LOCKED" };

test("a second store of the same process is refused, and leaves the first one its lock", async () => {
  const path = directory.file("same-process.db");
  symlinkSync(path, directory.file("alias.db"));
  await using store = await openStore({ path, key });
  await expect(openStore({ path, key })).rejects.toMatchObject(locked);
  await expect(openStore({ path: directory.file("alias.db"), key })).rejects.toMatchObject(locked);
  // POSIX drops all locks of a process on a file when it closes any descriptor of that file.
  await using other = new Child("open.ts", path);
  expect(await other.line()).toBe(`STORE_LOCKED by ${process.pid}`);
  await store.write((tx) => tx.messages.setConsumed(1));
  await store.close();
  await using next = await openStore({ path, key });
  expect(await next.messages.consumed()).toBe(1);
});

test("of two that open a new file together, one gets it", async () => {
  const path = directory.file("together.db");
  const outcomes = await Promise.allSettled([openStore({ path, key: "a" }), openStore({ path, key: "b" })]);
  expect(outcomes).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason: locked }]);
  for (const outcome of outcomes) if (outcome.status === "fulfilled") await outcome.value.close();
});

test("another process keeps a store to itself until it is killed, and the refusal says which and since when", async () => {
  const path = directory.file("other-process.db");
  const beforeMs = Date.now();
  await using owner = new Child("open.ts", path);
  expect(await owner.line()).toBe("open, 0 consumed");
  const refused = await openStore({ path, key }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ ...locked, holder: { pid: owner.pid }, cause: { code: "STORE_LOCKED" } });
  const startedAtMs = refused instanceof StoreError ? (refused.holder?.startedAtMs ?? 0) : 0;
  expect(startedAtMs).toBeGreaterThan(beforeMs - 1_000);
  expect(startedAtMs).toBeLessThanOrEqual(Date.now() + 1_000);
  expect(String(refused)).toContain(
    `process ${owner.pid} (started ${new Date(startedAtMs).toISOString()}) has it open`,
  );
  // Who is refused leaves what the owner wrote.
  await expect(openStore({ path, key })).rejects.toMatchObject({ holder: { pid: owner.pid } });
  await owner.kill();
  expect(existsSync(`${path}.owner`)).toBe(true);
  await using store = await openStore({ path, key });
  expect(await store.messages.consumed()).toBe(0);
  await expect(openStore({ path, key })).rejects.toMatchObject({ ...locked, holder: { pid: process.pid } });
  await store.close();
  expect(existsSync(`${path}.owner`)).toBe(false);
});

test("who reads a database from outside is refused while it is open, and reads it afterwards", async () => {
  const path = directory.file("outside.db");
  await using owner = new Child("open.ts", path);
  await owner.line();
  const shell = new Database(path, { timeout: 0 });
  const read = () => shell.prepare("SELECT count(*) AS count FROM messages").get();
  expect(read).toThrow("database is locked");
  await owner.kill();
  expect(read()).toEqual({ count: 0 });
  shell.close();
});

// Somebody else than a store of ours has the file, such as the sqlite3 shell, and the file beside it is of anybody.
test.each<[what: string, content: (pid: number) => string]>([
  ["of a process that is gone", (pid) => JSON.stringify({ pid, startedAtMs: 5 })],
  [
    "of a process whose number another one has",
    () => JSON.stringify({ pid: process.pid, startedAtMs: 5, startTicks: "1" }),
  ],
  ["torn", () => '{"pid":12'],
  ["empty", () => ""],
  ["with impossible values", () => JSON.stringify({ pid: -1, startedAtMs: 5 })],
  ["with an impossible time", () => JSON.stringify({ pid: process.pid, startedAtMs: 1e300 })],
  ["with another form", () => "null"],
  ["as long as a novel", () => JSON.stringify({ pid: process.pid, startedAtMs: 5, text: "x".repeat(2_000) })],
])("an owner file %s names nobody, and keeps nobody from opening", async (what, content) => {
  const path = directory.file(`owner-${what}.db`);
  await (await openStore({ path, key })).close();
  await using gone = new Child("open.ts", directory.file("gone.db"));
  await gone.line();
  await gone.kill();
  writeFileSync(`${path}.owner`, content(gone.pid ?? 0));
  const other = new Database(path);
  other.exec("BEGIN IMMEDIATE");
  const refused = await openStore({ path, key }).catch((error: unknown) => error);
  other.close();
  expect(refused).toMatchObject({ ...locked, holder: undefined });
  expect(String(refused)).toContain("it is open elsewhere");
  await using _store = await openStore({ path, key });
  expect(JSON.parse(readFileSync(`${path}.owner`, "utf8"))).toMatchObject({ pid: process.pid });
});

test("what can not be replaced under the name of the owner file keeps nobody from opening", async () => {
  const path = directory.file("directory.db");
  mkdirSync(`${path}.owner/not-empty`, { recursive: true });
  await using store = await openStore({ path, key });
  await using other = new Child("open.ts", path);
  expect(await other.line()).toBe("STORE_LOCKED by undefined");
  await store.write((tx) => tx.messages.setConsumed(1));
});

test("a link under the name of the owner file is not followed", async () => {
  const [path, target] = [directory.file("link.db"), directory.file("precious")];
  writeFileSync(target, "precious");
  symlinkSync(target, `${path}.owner`);
  await using _store = await openStore({ path, key });
  expect(readFileSync(target, "utf8")).toBe("precious");
});

test("a second copy of the package in one process sees what the first one has open", async () => {
  const path = directory.file("copies.db");
  await using _store = await openStore({ path, key });
  jest.resetModules();
  const copy = await import("@chat/store-sqlite");
  expect(copy.openStore).not.toBe(openStore);
  await expect(copy.openStore({ path, key })).rejects.toMatchObject(locked);
});

test("an open that failed leaves no lock behind", async () => {
  const path = directory.file("failed.db");
  await (await openStore({ path, key })).close();
  await expect(openStore({ path, key: new Uint8Array(32) })).rejects.toMatchObject({ code: "WRONG_KEY" });
  await using store = await openStore({ path, key });
  expect(await store.messages.consumed()).toBe(0);
});

test("the files may be read by their owner only", async () => {
  const path = directory.file("mode.db");
  await using store = await openStore({ path, key });
  await store.write((tx) => tx.messages.setConsumed(1));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}.owner`).mode & 0o777).toBe(0o600);
});

test.each([
  ["a missing directory", "missing/chat.db", "INVALID_OPTION"],
  ["a file in place of the directory", "mode.db/chat.db", "INVALID_OPTION"],
  ["a directory in place of the file", ".", "IO"],
])("%s is refused with its own code", async (_why, name, code) => {
  await expect(openStore({ path: directory.file(name), key })).rejects.toMatchObject({
    name: "StoreError",
    code,
  });
});

test.each(["", " chat.db", "chat.db ", "chat\0.db"])("the path %j is refused", async (path) => {
  await expect(openStore({ path, key })).rejects.toMatchObject({ code: "INVALID_OPTION" });
});
