import { statSync, symlinkSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
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
  expect(await other.line()).toBe("STORE_LOCKED");
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

test("another process keeps a store to itself until it is killed", async () => {
  const path = directory.file("other-process.db");
  await using owner = new Child("open.ts", path);
  expect(await owner.line()).toBe("open, 0 consumed");
  await expect(openStore({ path, key })).rejects.toMatchObject({
    ...locked,
    message: expect.stringMatching(/close/),
  });
  await owner.kill();
  await using store = await openStore({ path, key });
  expect(await store.messages.consumed()).toBe(0);
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
