/** Messages and secrets in files of their own: whatever happens, no ratchet step is there without its message, nor a message without its step. */
import { randomInt } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describeStoreContract } from "@chat/store/testing";
import { openStore, type SqliteStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import { Connection } from "../src/connection.ts";
import { Child } from "./child/run.ts";
import { countWhole, numberedChange } from "./numbered.ts";
import { randomUnit } from "./random-unit.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { type Statement, watchedDriver } from "./watched-driver.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

/** The two paths of a new store. */
function newPaths(): { path: string; secretsPath: string } {
  count += 1;
  return { path: directory.file(`${count}.db`), secretsPath: directory.file(`${count}-secrets.db`) };
}

describeStoreContract("the store in two files", (options) => openStore({ ...newPaths(), key, ...options }));

async function writeSome(store: SqliteStore, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await store.write(numberedChange(number));
}

function rowsOf(path: string, table: string): unknown[] {
  const database = new Database(path);
  try {
    return database.prepare(`SELECT * FROM ${table}`).all();
  } finally {
    database.close();
  }
}

test("secrets are in their file alone, and everything else in the other", async () => {
  const paths = newPaths();
  {
    await using store = await openStore({ ...paths, key });
    await store.write((tx) => {
      tx.secrets.putIdentity(Uint8Array.of(1));
      tx.secrets.putInvite({ id: "i1", snapshot: Uint8Array.of(2) });
      tx.secrets.addHandshake("i1", "h1");
    });
    await writeSome(store, 1, 3);
  }
  for (const table of ["identity", "sessions", "invites", "handshakes"]) {
    expect(rowsOf(paths.path, table)).toEqual([]);
    expect(rowsOf(paths.secretsPath, table)).toHaveLength(1);
  }
  expect(rowsOf(paths.path, "messages")).toHaveLength(3);
  for (const table of ["messages", "conversations", "data_key", "cursors"]) {
    expect(rowsOf(paths.secretsPath, table)).toEqual([]);
  }
  // A store that was closed has no copy of a secret beside the file for them.
  expect(rowsOf(paths.path, "secret_redo")).toEqual([]);
  await using store = await openStore({ ...paths, key });
  expect(await countWhole(store)).toBe(3);
  expect(await store.secrets.hasHandshake("i1", "h1")).toBe(true);
});

test("records for the secrets are deleted in time, and one wait for the disk is enough for both files", async () => {
  const paths = newPaths();
  const statements: Statement[] = [];
  await using store = await openStore({ ...paths, key, driver: watchedDriver((each) => statements.push(each)) });
  const isWaiting = ({ file, sql }: Statement) => file === paths.secretsPath && sql.startsWith("wal_checkpoint");
  statements.length = 0;
  for (let number = 1; number <= 600; number++) {
    await store.write((tx) => tx.secrets.putSession({ id: "s", conversationId: "c", snapshot: Uint8Array.of(number) }));
  }
  expect(statements.filter(isWaiting)).toHaveLength(2);
  statements.length = 0;
  // By their size, too.
  for (let number = 1; number <= 10; number++) {
    const snapshot = new Uint8Array(200_000);
    await store.write((tx) => tx.secrets.putSession({ id: "s", conversationId: "c", snapshot }));
  }
  expect(statements.filter(isWaiting)).toHaveLength(2);
});

test("no file shows a secret, also not the record that the messages keep of it", async () => {
  const paths = newPaths();
  await using store = await openStore({ ...paths, key });
  await store.write((tx) => {
    const snapshot = new TextEncoder().encode("hidden-session");
    tx.secrets.putSession({ id: "visible-id", conversationId: "c", snapshot });
  });
  // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
  const all = Buffer.concat([paths.path, paths.secretsPath].map((path) => readFileSync(`${path}-wal`)));
  expect(all.includes("visible-id")).toBe(true); // the search does find what is there
  for (const text of ["hidden-session", Buffer.from("hidden-session").toString("base64"), "putSession"]) {
    expect(all.includes(text)).toBe(false);
  }
});

type Image = ReadonlyMap<string, Uint8Array | undefined>;

/** What the files of a database hold at this moment. */
function imageOf(path: string): Image {
  const contents = (file: string) => (existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined);
  return new Map(["", "-wal", ".generation"].map((suffix) => [suffix, contents(`${path}${suffix}`)]));
}

function putImage(image: Image, path: string): void {
  for (const [suffix, bytes] of image) {
    if (bytes === undefined) rmSync(`${path}${suffix}`, { force: true });
    else writeFileSync(`${path}${suffix}`, bytes);
  }
}

function isSame(a: Image | undefined, b: Image): boolean {
  return a !== undefined && [...b].every(([suffix, bytes]) => equalBytes(a.get(suffix), bytes));
}

function equalBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

type Moment = { readonly messages: Image; readonly secrets: Image; readonly acknowledged: number };

/** Every state of the two files between two statements, from creation to closing, without those that are equal. */
async function momentsOfLife(): Promise<{ moments: Moment[]; synced: number[] }> {
  const paths = newPaths();
  const moments: Moment[] = [];
  const synced: number[] = [];
  let acknowledged = 0;
  const look = () => {
    const moment = { messages: imageOf(paths.path), secrets: imageOf(paths.secretsPath), acknowledged };
    const last = moments.at(-1);
    const isNew = !isSame(last?.messages, moment.messages) || !isSame(last?.secrets, moment.secrets);
    if (isNew || last?.acknowledged !== acknowledged) moments.push(moment);
  };
  const driver = watchedDriver({
    before: look,
    after: ({ file, sql }) => {
      look();
      const isSync = sql.startsWith("wal_checkpoint") || sql === "COMMIT";
      // Up to the first opening, commits of the secrets wait for the disk as well.
      if (file === paths.secretsPath && isSync && (sql !== "COMMIT" || acknowledged === 0))
        synced.push(moments.length - 1);
    },
  });
  for (const [from, to] of [
    [1, 4],
    [5, 6],
  ] as const) {
    const store = await openStore({ ...paths, key, driver });
    for (let number = from; number <= to; number++) {
      await store.write(numberedChange(number));
      acknowledged = number;
    }
    await store.close();
  }
  look();
  return { moments, synced };
}

test("cut at any moment, with any of the secrets' commits lost that did not wait for the disk: both files are in step", async () => {
  const { moments, synced } = await momentsOfLife();
  const seen = new Set<number>();
  let pairs = 0;
  for (const [index, { messages, acknowledged }] of moments.entries()) {
    const earliest = synced.findLast((each) => each <= index) ?? 0;
    let last: Image | undefined;
    for (let older = index; older >= earliest; older--) {
      const secrets = moments[older]?.secrets;
      if (secrets === undefined || isSame(last, secrets)) continue;
      last = secrets;
      pairs += 1;
      const paths = newPaths();
      putImage(messages, paths.path);
      putImage(secrets, paths.secretsPath);
      await using store = await openStore({ ...paths, key });
      const stored = await countWhole(store);
      expect(stored).toBeGreaterThanOrEqual(acknowledged);
      seen.add(stored);
      await store.write(numberedChange(stored + 1));
      expect(await countWhole(store)).toBe(stored + 1);
    }
  }
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(pairs).toBeGreaterThan(moments.length);
}, 60_000);

test("with any part of the secrets' log lost, all that was acknowledged is there", async () => {
  const paths = newPaths();
  await (await openStore({ ...paths, key })).close(); // creating them waits for the disk
  await using store = await openStore({ ...paths, key });
  await writeSome(store, 1, 15);
  const image = { messages: imageOf(paths.path), secrets: imageOf(paths.secretsPath) };
  const log = image.secrets.get("-wal") ?? new Uint8Array();
  expect(log.length).toBeGreaterThan(50_000);
  for (let kept = 0; kept < log.length; kept += 7_001) {
    const cut = newPaths();
    putImage(image.messages, cut.path);
    putImage(new Map([...image.secrets, ["-wal", log.slice(0, kept)]]), cut.secretsPath);
    await using again = await openStore({ ...cut, key });
    expect(await countWhole(again)).toBe(15);
  }
});

test("both files are opened with the settings that deletion rests on, and only the messages wait for the disk", async () => {
  const pragma = jest.spyOn(Connection.prototype, "pragma");
  await using _store = await openStore({ ...newPaths(), key });
  const connections = [...new Set(pragma.mock.contexts)].filter((each) => each instanceof Connection);
  pragma.mockRestore();
  const settings = connections.map((connection) =>
    ["journal_mode", "synchronous", "fullfsync", "locking_mode", "foreign_keys", "secure_delete"].map((name) =>
      connection.pragma(name),
    ),
  );
  expect(settings).toEqual([
    ["wal", 2, 1, "exclusive", 1, 1],
    ["wal", 1, 1, "exclusive", 1, 1],
  ]);
});

// What has to be refused: everything that no crash can leave.
test("a file that was put back from an older copy, either of them, is refused", async () => {
  const paths = newPaths();
  await (await openStore({ ...paths, key })).close();
  const old = { messages: imageOf(paths.path), secrets: imageOf(paths.secretsPath) };
  {
    await using store = await openStore({ ...paths, key });
    await writeSome(store, 1, 3);
  }
  const current = { messages: imageOf(paths.path), secrets: imageOf(paths.secretsPath) };
  putImage(old.secrets, paths.secretsPath);
  const older = (file: string) => ({
    name: "StoreError",
    code: "CORRUPT",
    message: expect.stringMatching(`^${file}: .*copy`),
  });
  await expect(openStore({ ...paths, key })).rejects.toMatchObject(older("secrets"));
  putImage(current.secrets, paths.secretsPath);
  putImage(old.messages, paths.path);
  await expect(openStore({ ...paths, key })).rejects.toMatchObject(older("messages"));
  putImage(current.messages, paths.path);
  await using store = await openStore({ ...paths, key });
  expect(await countWhole(store)).toBe(3);
});

test("the options have to be those of the store, and nothing is created or changed when they are not", async () => {
  const [one, two, other] = [newPaths(), newPaths(), newPaths()];
  await (await openStore({ path: one.path, key })).close();
  for (const paths of [two, other]) {
    await using store = await openStore({ ...paths, key });
    await writeSome(store, 1, 1);
  }
  const invalid = (message: RegExp) => ({ code: "INVALID_OPTION", message: expect.stringMatching(message) });
  const corrupt = (message: RegExp) => ({ code: "CORRUPT", message: expect.stringMatching(message) });
  await expect(openStore({ ...one, key })).rejects.toMatchObject(invalid(/^secretsPath: want none/));
  expect(existsSync(one.secretsPath)).toBe(false);
  await expect(openStore({ path: two.path, key })).rejects.toMatchObject(invalid(/^secretsPath: want the file/));
  await expect(openStore({ path: two.secretsPath, key })).rejects.toMatchObject(
    invalid(/^path: want the file of the mes/),
  );
  const missing = directory.file("missing.db");
  const opening = openStore({ path: two.path, secretsPath: missing, key });
  await expect(opening).rejects.toMatchObject(corrupt(/got none at/));
  expect(existsSync(missing)).toBe(false);
  const mixed = openStore({ path: two.path, secretsPath: other.secretsPath, key });
  await expect(mixed).rejects.toMatchObject(corrupt(/want the secrets of this store/));
  const whole = openStore({ path: two.path, secretsPath: one.path, key });
  await expect(whole).rejects.toMatchObject(corrupt(/want the secrets of this store/));
  const taken = openStore({ path: directory.file("new.db"), secretsPath: two.secretsPath, key });
  await expect(taken).rejects.toMatchObject(corrupt(/got one that is in use/));
  await expect(openStore({ path: two.path, secretsPath: two.path, key })).rejects.toMatchObject(invalid(/the same/));
  const wrong = openStore({ ...two, key: new Uint8Array(32) });
  await expect(wrong).rejects.toMatchObject({ code: "WRONG_KEY" });
  await using store = await openStore({ ...two, key });
  expect(await countWhole(store)).toBe(1);
  await expect(openStore({ ...other, secretsPath: two.secretsPath, key })).rejects.toMatchObject({
    code: "STORE_LOCKED",
  });
});

test("a creation that was interrupted between the files is begun anew", async () => {
  const paths = newPaths();
  await (await openStore({ ...paths, key })).close();
  rmSync(paths.path);
  await using store = await openStore({ ...paths, key });
  await writeSome(store, 1, 2);
  await store.close();
  await using again = await openStore({ ...paths, key });
  expect(await countWhole(again)).toBe(2);
});

// The second seed is a new one every time; it is in the title, to be put in the list when a run fails.
test.each([20_261_123, randomInt(2 ** 31)])(
  "a writer killed at random moments leaves both files in step (seed %i)",
  async (seed) => {
    const random = randomUnit(seed);
    const paths = newPaths();
    let most = 0;
    for (let kill = 0; kill < 5; kill++) {
      await using writer = new Child("write-numbered.ts", paths.path, paths.secretsPath);
      // The first kill may hit the creation of the files.
      if (kill > 0) expect(await writer.line()).toBe("open");
      await wait(random() * (kill === 0 ? 400 : 150));
      await writer.kill();
      const note = `${paths.path}.acknowledged`;
      const acknowledged = existsSync(note) ? Number(readFileSync(note, "utf8")) : 0;
      await using store = await openStore({ ...paths, key });
      const stored = await countWhole(store);
      expect(stored).toBeGreaterThanOrEqual(acknowledged);
      most = Math.max(most, stored);
    }
    expect(most).toBeGreaterThan(0);
  },
  30_000,
);

type Fault = { readonly when: "before" | "after"; readonly of: RegExp; readonly endsTransaction: boolean };

test.each<[string, Fault]>([
  ["any statement is refused", { when: "before", of: /./, endsTransaction: false }],
  ["any statement is refused and SQLite ends its transaction", { when: "before", of: /./, endsTransaction: true }],
  ["a commit is refused after it was made", { when: "after", of: /^COMMIT/, endsTransaction: false }],
])(
  "%s, in either file: each change is there whole or not at all, and the store goes on",
  async (_what, fault) => {
    const template = newPaths();
    await (await openStore({ ...template, key })).close();
    let failures = 0;
    for (let failing = 0; failing === failures; failing++) {
      const paths = newPaths();
      copyFileSync(template.path, paths.path);
      copyFileSync(template.secretsPath, paths.secretsPath);
      let left = Number.POSITIVE_INFINITY;
      const fail = ({ sql, endTransaction }: Statement) => {
        if (sql.startsWith("ROLLBACK") || !fault.of.test(sql) || left-- !== 0) return;
        failures += 1;
        if (fault.endsTransaction) endTransaction();
        throw Object.assign(new Error(sql), { code: "SQLITE_FULL" });
      };
      await using store = await openStore({ ...paths, key, driver: watchedDriver({ [fault.when]: fail }) });
      left = failing;
      for (let time = 1; time <= 2; time++) {
        const next = 1 + (await expectWholeIn(store));
        const [outcome] = await Promise.allSettled([store.write(numberedChange(next))]);
        if (outcome.status === "fulfilled") expect(await expectWholeIn(store)).toBe(next);
        else expect(outcome.reason).toMatchObject({ name: "StoreError", code: "IO" });
      }
      const stored = await expectWholeIn(store);
      left = Number.POSITIVE_INFINITY;
      await store.close();
      await using again = await openStore({ ...paths, key });
      expect(await countWhole(again)).toBe(stored);
    }
    expect(failures).toBeGreaterThan(3);
  },
  60_000,
);

/** Reading fails as long as the secrets can not take what the messages have; once more, and it goes on. */
async function expectWholeIn(store: SqliteStore): Promise<number> {
  const [first] = await Promise.allSettled([countWhole(store)]);
  if (first.status === "fulfilled") return first.value;
  expect(first.reason).toMatchObject({ name: "StoreError", code: "IO" });
  return countWhole(store);
}
