/** Whole-file encryption, by a driver with the same API. */
import { readFileSync } from "node:fs";
import { describeStoreContract } from "@chat/store/testing";
import { openStore, type SqliteDriver } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3-multiple-ciphers";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

function encryptedWith(passphrase: string): SqliteDriver {
  return (path, options) => {
    const database = new Database(path, options);
    database.pragma(`key = '${passphrase}'`);
    return database;
  };
}
const driver = encryptedWith("of the whole file");

describeStoreContract("the store on an encrypted file", (options) =>
  openStore({ path: directory.file(`${count++}.db`), key, driver, ...options }),
);

test("an encrypted file shows neither the header of SQLite nor a table, and opens with its own key only", async () => {
  const path = directory.file("encrypted.db");
  const expectEncrypted = () => {
    for (const file of [path, `${path}-wal`]) {
      const bytes = readFileSync(file);
      expect(bytes.length).toBeGreaterThanOrEqual(4_096);
      expect(bytes.includes("SQLite format")).toBe(false);
      expect(bytes.includes("visible-topic")).toBe(false);
      expect(bytes.includes("CREATE TABLE")).toBe(false);
    }
  };
  {
    await using store = await openStore({ path, key, driver });
    await store.write((tx) => tx.messages.setCursor("visible-topic", 1));
    // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
    expectEncrypted();
  }
  const corrupt = { name: "StoreError", code: "CORRUPT", message: expect.stringContaining("driver") };
  await expect(openStore({ path, key, driver: encryptedWith("another") })).rejects.toMatchObject(corrupt);
  await expect(openStore({ path, key })).rejects.toMatchObject(corrupt);
  const wrong = { name: "StoreError", code: "WRONG_KEY" };
  await expect(openStore({ path, key: new Uint8Array(32), driver })).rejects.toMatchObject(wrong);
  await using store = await openStore({ path, key, driver });
  expect(await store.messages.cursor("visible-topic")).toBe(1);
});

test("a store in two files is encrypted in both", async () => {
  const paths = { path: directory.file("messages.db"), secretsPath: directory.file("secrets.db") };
  {
    await using store = await openStore({ ...paths, key, driver });
    await store.write((tx) => tx.secrets.putIdentity(Uint8Array.of(1)));
  }
  for (const path of Object.values(paths)) expect(readFileSync(path).includes("SQLite format")).toBe(false);
  await using store = await openStore({ ...paths, key, driver });
  expect(await store.secrets.identity()).toEqual(Uint8Array.of(1));
});

test("two drivers, which do not see each other's locks, can not have one file open in one process", async () => {
  const path = directory.file("two-drivers.db");
  await using _store = await openStore({ path, key });
  const plain: SqliteDriver = (file, options) => new Database(file, options);
  await expect(openStore({ path, key, driver: plain })).rejects.toMatchObject({ code: "STORE_LOCKED" });
});

test("what a driver throws when it opens the file is told as it is", async () => {
  const failure = new Error("no such cipher");
  const failing: SqliteDriver = () => {
    throw failure;
  };
  const path = directory.file("failing.db");
  await expect(openStore({ path, key, driver: failing })).rejects.toBe(failure);
  await using store = await openStore({ path, key, driver });
  expect(await store.messages.consumed()).toBe(0);
});
