/** Changing the key: one key is valid at any moment, and nothing of the old one stays. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type KeyProvider, openStore, type StoreKey } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import { keyOf } from "./child/key-of.ts";
import { Child } from "./child/run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const identity = Uint8Array.of(1, 2, 3);
const wrongKey = { name: "StoreError", code: "WRONG_KEY" };

async function opens(path: string, options: { key?: StoreKey }): Promise<boolean> {
  try {
    await using store = await openStore({ path, ...options });
    expect(await store.secrets.identity()).toEqual(identity);
    return true;
  } catch (error) {
    expect(error).toMatchObject(wrongKey);
    return false;
  }
}

/** All files of a store, one behind the other. */
function bytesOf(folder: string): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
}

function wrappedIn(path: string): Buffer {
  const database = new Database(path, { readonly: true });
  const wrapped = database.prepare<[], Buffer>("SELECT wrapped FROM data_key").pluck().get();
  database.close();
  if (wrapped === undefined) throw new TypeError("want a wrapped key");
  return wrapped;
}

test.each([
  ["file", "bytes"],
  ["bytes", "file"],
  ["file", "file"],
  ["bytes", "bytes"],
  ["file", "passphrase"],
])(
  "from %s to %s, killed before or after any operation on the disk: one key opens it, and the files are those of that key",
  async (from, to) => {
    const folder = directory.file(`${from}-${to}`);
    mkdirSync(join(folder, "store"), { recursive: true });
    await using child = new Child("key-moments.ts", folder, from, to);
    const moments = Number(await child.line());
    expect(moments).toBeGreaterThan(8);
    const isNew: boolean[] = [];
    for (let moment = 0; moment < moments; moment += to === "passphrase" ? 5 : 1) {
      const path = join(folder, `moment-${moment}`, "chat.db");
      // A store with a key file opens without a key, whichever of its files is the right one.
      const [old, next] =
        from === to && from === "file"
          ? [true, false]
          : [await opens(path, keyOf(from, "old")), await opens(path, keyOf(to, "new"))];
      expect([old, next]).toContain(true);
      expect([old, next]).toContain(false);
      isNew.push(next);
      const wantsFile = (next ? to : from) === "file";
      if (from === "file" && to === "file") expect(await opens(path, {})).toBe(true);
      expect(readdirSync(join(folder, `moment-${moment}`)).filter((name) => name.includes(".key"))).toEqual(
        wantsFile ? ["chat.db.key"] : [],
      );
    }
    // Once the new key is valid, it stays so.
    expect(isNew).toEqual([...isNew].sort((a, b) => Number(a) - Number(b)));
    if (from !== to || from !== "file") expect([isNew[0], isNew.at(-1)]).toEqual([false, true]);
  },
  60_000,
);

test("nothing of the old wrapping stays in any file, while the store is open and afterwards", async () => {
  const folder = directory.file("traces");
  mkdirSync(folder);
  const path = join(folder, "chat.db");
  const kinds = ["file", "bytes", "file", "file", "bytes"];
  let key = keyOf("file", "old").key;
  {
    await using store = await openStore({ path });
    await store.write((tx) => tx.secrets.putIdentity(identity));
  }
  for (const [index, kind] of kinds.entries()) {
    const wrapped = wrappedIn(path);
    expect(bytesOf(folder).includes(wrapped)).toBe(true); // the search does find what is there
    const store = await openStore({ path, ...(key !== undefined && { key }) });
    for (let number = 0; number < 50; number++) {
      await store.write((tx) => tx.messages.setCursor(`/${number}`, index));
    }
    const next = keyOf(kind, index % 2 === 0 ? "new" : "old").key;
    await store.changeKey(next);
    expect(bytesOf(folder).includes(wrapped)).toBe(false);
    await store.close();
    expect(bytesOf(folder).includes(wrapped)).toBe(false);
    key = next;
  }
  expect(await opens(path, key === undefined ? {} : { key })).toBe(true);
});

test("a passphrase is changed; the old one opens nothing any more, and writes go on meanwhile", async () => {
  const path = directory.file("passphrase.db");
  await using store = await openStore({ path, key: "old" });
  await store.write((tx) => tx.secrets.putIdentity(identity));
  const change = store.changeKey("cafe\u0301");
  await store.write((tx) => tx.messages.setConsumed(1));
  await change;
  await store.close();
  expect(await opens(path, { key: "old" })).toBe(false);
  expect(await opens(path, { key: "caf\u00e9" })).toBe(true); // NFC
});

test("what is no key is refused, and the old one stays", async () => {
  const path = directory.file("refused.db");
  const key = new Uint8Array(32).fill(7);
  await using store = await openStore({ path, key });
  await store.write((tx) => tx.secrets.putIdentity(identity));
  await expect(store.changeKey("")).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(store.changeKey(new Uint8Array(31))).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(store.changeKey({ get: async () => undefined })).rejects.toMatchObject({ code: "KEY_UNAVAILABLE" });
  await store.close();
  await expect(store.changeKey("late")).rejects.toMatchObject({ code: "CLOSED" });
  expect(await opens(path, { key })).toBe(true);
});

/** A keychain in memory. */
function keychain(): KeyProvider & { kept: Uint8Array | undefined } {
  return {
    kept: undefined,
    async get() {
      return this.kept && Uint8Array.from(this.kept);
    },
    async set(key) {
      this.kept = Uint8Array.from(key);
    },
  };
}

test("a keychain gets a new key for a new store, and gives it ever after", async () => {
  const path = directory.file("keychain.db");
  const key = keychain();
  {
    await using store = await openStore({ path, key });
    await store.write((tx) => tx.secrets.putIdentity(identity));
  }
  expect(key.kept).toHaveLength(32);
  expect(await opens(path, { key })).toBe(true);
  expect(await opens(path, key.kept ? { key: key.kept } : {})).toBe(true);
  expect(await opens(path, { key: { get: async () => new Uint8Array(32) } })).toBe(false);
});

test("a store changes to a keychain and back, and one that fails is an error of its own", async () => {
  const path = directory.file("to-keychain.db");
  const key = keychain();
  {
    await using store = await openStore({ path });
    await store.write((tx) => tx.secrets.putIdentity(identity));
    await store.changeKey(key);
  }
  expect(readdirSync(directory.path).filter((name) => name.startsWith("to-keychain.db.key"))).toEqual([]);
  expect(await opens(path, { key })).toBe(true);
  const failure = new Error("locked by the user");
  const failing = openStore({ path, key: { get: () => Promise.reject(failure) } });
  await expect(failing).rejects.toMatchObject({ name: "StoreError", code: "KEY_UNAVAILABLE", cause: failure });
  const forgetful: KeyProvider = { get: async () => undefined, set: async () => {} };
  const losing = openStore({ path: directory.file("forgetful.db"), key: forgetful });
  await expect(losing).rejects.toMatchObject({ code: "KEY_UNAVAILABLE" });
  {
    await using store = await openStore({ path, key });
    await store.changeKey();
  }
  expect(await opens(path, {})).toBe(true);
});

test("locked, foreign and too new are told before a key is asked for or derived", async () => {
  const path = directory.file("order.db");
  const get = jest.fn(async () => new Uint8Array(32).fill(7));
  const change = (sql: string) => {
    const database = new Database(path);
    database.exec(sql);
    database.close();
  };
  {
    await using _owner = await openStore({ path, key: { get } });
    get.mockClear();
    await expect(openStore({ path, key: { get } })).rejects.toMatchObject({ code: "STORE_LOCKED" });
  }
  const version = (() => {
    const database = new Database(path);
    const found = Number(database.pragma("user_version", { simple: true }));
    database.close();
    return found;
  })();
  change("PRAGMA user_version = 99");
  await expect(openStore({ path, key: { get } })).rejects.toMatchObject({ code: "SCHEMA_TOO_NEW" });
  change(`PRAGMA user_version = ${version}; PRAGMA application_id = 1`);
  await expect(openStore({ path, key: { get } })).rejects.toMatchObject({ code: "CORRUPT" });
  // "chat"; and parameters that scrypt refuses, so that deriving would be CORRUPT.
  change(`PRAGMA application_id = ${0x63686174};
    UPDATE data_key SET kek = 'passphrase', salt = x'00', scrypt_n = 3, scrypt_r = 8, scrypt_p = 1`);
  await expect(openStore({ path, key: { get } })).rejects.toMatchObject(wrongKey);
  await expect(openStore({ path, key: new Uint8Array(32) })).rejects.toMatchObject(wrongKey);
  await expect(openStore({ path })).rejects.toMatchObject(wrongKey);
  await expect(openStore({ path, key: "passphrase" })).rejects.toMatchObject({ code: "CORRUPT" });
  expect(get).not.toHaveBeenCalled();
});
