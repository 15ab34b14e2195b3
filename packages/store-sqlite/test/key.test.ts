import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { openStore, type SqliteStoreOptions } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const identity = Uint8Array.of(1, 2, 3);

async function create(options: SqliteStoreOptions): Promise<void> {
  await using store = await openStore(options);
  await store.write((tx) => tx.secrets.putIdentity(identity));
}

async function readIdentity(options: SqliteStoreOptions): Promise<Uint8Array | undefined> {
  await using store = await openStore(options);
  return store.secrets.identity();
}

test("a database made with 32 bytes opens with them only", async () => {
  const path = directory.file("bytes.db");
  await create({ path, key });
  expect(await readIdentity({ path, key })).toEqual(identity);
  for (const wrong of [new Uint8Array(32), "passphrase", undefined]) {
    const opening = openStore({ path, ...(wrong !== undefined && { key: wrong }) });
    await expect(opening).rejects.toMatchObject({ name: "StoreError", code: "WRONG_KEY" });
  }
  expect(await readIdentity({ path, key })).toEqual(identity);
});

test("a database made with a passphrase opens with it only, however its accents are composed", async () => {
  const path = directory.file("passphrase.db");
  await create({ path, key: "caf\u00e9" });
  expect(await readIdentity({ path, key: "cafe\u0301" })).toEqual(identity);
  for (const wrong of ["cafe", key, undefined]) {
    const opening = openStore({ path, ...(wrong !== undefined && { key: wrong }) });
    await expect(opening).rejects.toMatchObject({ code: "WRONG_KEY" });
  }
});

test("without a key, one is made in a file that only its owner may read", async () => {
  const path = directory.file("file.db");
  await create({ path });
  const keyFile = `${path}.key`;
  expect(readFileSync(keyFile)).toHaveLength(32);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(await readIdentity({ path })).toEqual(identity);
  expect(await readIdentity({ path, key: new Uint8Array(readFileSync(keyFile)) })).toEqual(identity);
  await expect(openStore({ path, key: "passphrase" })).rejects.toMatchObject({ code: "WRONG_KEY" });
});

test("a missing, short or foreign key file is named, and none is put in its place", async () => {
  const path = directory.file("moved.db");
  await create({ path });
  const keyFile = `${path}.key`;
  writeFileSync(keyFile, new Uint8Array(31));
  const wrong = { code: "WRONG_KEY", message: expect.stringContaining(keyFile) };
  await expect(openStore({ path })).rejects.toMatchObject(wrong);
  writeFileSync(keyFile, new Uint8Array(32));
  await expect(openStore({ path })).rejects.toMatchObject(wrong);
  rmSync(keyFile);
  await expect(openStore({ path })).rejects.toMatchObject(wrong);
  expect(readdirSync(directory.path)).not.toContain("moved.db.key");
});

test("a key file left from a creation that was interrupted is used", async () => {
  const path = directory.file("interrupted.db");
  writeFileSync(`${path}.key`, key);
  writeFileSync(`${path}.key.tmp`, "half");
  writeFileSync(path, "");
  await create({ path });
  expect(await readIdentity({ path, key })).toEqual(identity);
});

test("a key that is no key is refused, with its length and never its content", async () => {
  const path = directory.file("refused.db");
  for (const wrong of ["", new Uint8Array(31), new Uint8Array(0)]) {
    const refused = {
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^key: want [a-z0-9 ]*, got [a-z0-9 ]*$/),
    };
    await expect(openStore({ path, key: wrong })).rejects.toMatchObject(refused);
  }
  expect(readdirSync(directory.path)).not.toContain("refused.db");
});

test("the caller's key is copied: it may be wiped at once", async () => {
  const path = directory.file("copied.db");
  const mine = new Uint8Array(32).fill(9);
  const opening = openStore({ path, key: mine });
  mine.fill(0);
  await using store = await opening;
  await store.write((tx) => tx.secrets.putIdentity(identity));
  await store.close();
  expect(mine).toEqual(new Uint8Array(32));
  expect(await readIdentity({ path, key: new Uint8Array(32).fill(9) })).toEqual(identity);
});

test("scrypt parameters that ask for all memory are CORRUPT, not tried", async () => {
  const path = directory.file("scrypt.db");
  await create({ path, key: "passphrase" });
  for (const [column, value] of [
    ["scrypt_n", 2 ** 40],
    ["scrypt_r", 2 ** 30],
    ["scrypt_n", 3],
  ]) {
    const changed = directory.file("scrypt-changed.db");
    copyFileSync(path, changed);
    const database = new Database(changed);
    database.exec(`UPDATE data_key SET ${column} = ${value}`);
    database.close();
    await expect(openStore({ path: changed, key: "passphrase" })).rejects.toMatchObject({ code: "CORRUPT" });
  }
});
