/** Databases of earlier schemas keep all they hold, whatever happens while they are brought up to date. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openStore } from "@chat/store-sqlite";
import { expect, jest, test } from "@jest/globals";
import Database from "better-sqlite3";
import { KEY, PASSPHRASE } from "./fixtures/content.ts";
import { contentOfFixture, readFixture } from "./fixtures/read.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(180_000);
const directory = temporaryDirectory();
const FIXTURES = join(import.meta.dirname, "fixtures");
const versions = versionsOf(/^schema-(\d+)\.db\.gz$/);
const inTwoFiles = versionsOf(/^schema-(\d+)-two-files\.db\.gz$/);

function versionsOf(names: RegExp): number[] {
  const found = readdirSync(FIXTURES).flatMap((name) => names.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => a - b);
}

test("every schema before the newest one has a fixture (fixtures/README.md)", async () => {
  const path = directory.file("new.db");
  await (await openStore({ path, key: KEY })).close();
  const { version } = dumpOf(path);
  expect(versions).toEqual(expect.arrayContaining(Array.from({ length: version - 1 }, (_, index) => index + 1)));
  expect(inTwoFiles).toEqual(expect.arrayContaining(versions.filter((each) => each >= 5)));
});

test.each(versions)("a database of schema %i holds all it held, and goes on", async (version) => {
  const path = fixture(version);
  expect(dumpOf(path).version).toBe(version);
  expect(await readFixture({ path, key: KEY })).toEqual(contentOfFixture(version));
  // Again, now that there is nothing to migrate.
  expect(await readFixture({ path, key: KEY })).toEqual(contentOfFixture(version));
  await using store = await openStore({ path, key: KEY });
  const message = { conversationId: "c1", direction: "outgoing", status: "dropped", lamport: 9 } as const;
  const content = Uint8Array.of(1);
  await store.write((tx) => tx.messages.putMessage({ ...message, id: "new", content, sentAtMs: 1, storedAtMs: 1 }));
  expect(await store.messages.message("new")).toMatchObject({
    status: "dropped",
    sequence: version < 6 ? 13 : 14,
    content,
  });
});

test.each(versions)("a database of schema %i with a passphrase opens with it", async (version) => {
  const path = fixture(version, "-passphrase");
  await using store = await openStore({ path, key: PASSPHRASE });
  expect(await store.secrets.identity()).toEqual(new TextEncoder().encode("identity"));
});

test.each(versions)(
  "schema %i: a migration that fails at any statement leaves the database as it was",
  async (version) => {
    const before = dumpOf(fixture(version));
    const count = await statementsToOpen(fixture(version));
    for (let failing = 0; failing < count; failing++) {
      const path = fixture(version);
      const restore = beforeStatement((number, sql) => {
        if (number === failing) throw Object.assign(new Error(sql), { code: "SQLITE_FULL" });
      });
      try {
        await expect(openStore({ path, key: KEY })).rejects.toMatchObject({ name: "StoreError", code: "IO" });
      } finally {
        restore();
      }
      expect(dumpOf(path)).toEqual(before);
      expect(existsSync(`${path}-wal`)).toBe(false);
    }
    const path = fixture(version);
    expect(await readFixture({ path, key: KEY })).toEqual(contentOfFixture(version));
  },
);

test.each(versions)("schema %i: killed before any statement, the database is as it was, and opens", async (version) => {
  const before = dumpOf(fixture(version));
  const path = fixture(version);
  const copies: string[] = [];
  // What a process that is killed leaves is what its files hold at that moment.
  const restore = beforeStatement((number) => {
    const copy = directory.file(`killed-${version}-${number}.db`);
    copyDatabase(path, copy);
    copies.push(copy);
  });
  const store = await openStore({ path, key: KEY });
  restore();
  await store.close();
  expect(copies.length).toBe(await statementsToOpen(fixture(version)));
  for (const [index, copy] of copies.entries()) {
    expect(dumpOf(copy)).toEqual(before);
    if (index % 4 > 0) continue; // what is equal byte by byte opens alike
    expect(await readFixture({ path: copy, key: KEY })).toEqual(contentOfFixture(version));
  }
});

test.each(inTwoFiles)(
  "two files of schema %i hold all they held, also after a kill at any statement",
  async (version) => {
    const open = (options: { path: string; secretsPath: string }) => readFixture({ ...options, key: KEY });
    const files = { path: fixture(version, "-two-files"), secretsPath: fixture(version, "-two-files-secrets") };
    const copies: (typeof files)[] = [];
    const restore = beforeStatement((number) => {
      const copy = {
        path: directory.file(`two-${version}-${number}.db`),
        secretsPath: directory.file(`two-${number}.s`),
      };
      for (const name of ["path", "secretsPath"] as const) copyDatabase(files[name], copy[name]);
      copies.push(copy);
    });
    const store = await openStore({ ...files, key: KEY });
    restore();
    await store.close();
    expect(await open(files)).toEqual(contentOfFixture(version));
    expect(copies.length).toBeGreaterThan(3);
    for (const copy of copies) expect(await open(copy)).toEqual(contentOfFixture(version));
  },
);

/** With its log and its generation, if there are any. */
function copyDatabase(from: string, to: string): void {
  for (const suffix of ["", "-wal", ".generation"]) {
    if (existsSync(`${from}${suffix}`)) copyFileSync(`${from}${suffix}`, `${to}${suffix}`);
  }
}

/** A fresh copy; the same path each time. */
function fixture(version: number, suffix = ""): string {
  const path = directory.file(`fixture-${version}${suffix}.db`);
  // Of an earlier test: with it, this one would be taken for an older copy.
  rmSync(`${path}.generation`, { force: true });
  const generation = join(FIXTURES, `schema-${version}${suffix}.generation.gz`);
  if (existsSync(generation)) writeFileSync(`${path}.generation`, gunzipSync(readFileSync(generation)));
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, `schema-${version}${suffix}.db.gz`))));
  return path;
}

/** All there is in the file, as SQLite reads it. */
function dumpOf(path: string): { version: number; schema: unknown; rows: unknown } {
  const database = new Database(path);
  try {
    const schema = database.prepare<[], { name: string }>("SELECT * FROM sqlite_schema ORDER BY name").all();
    const tables = schema.filter((row) => "type" in row && row.type === "table").map(({ name }) => name);
    return {
      version: Number(database.pragma("user_version", { simple: true })),
      schema,
      rows: tables.map((name) => database.prepare(`SELECT * FROM "${name}"`).raw().all()),
    };
  } finally {
    database.close();
  }
}

async function statementsToOpen(path: string): Promise<number> {
  let count = 0;
  const restore = beforeStatement(() => {
    count += 1;
  });
  try {
    await (await openStore({ path, key: KEY })).close();
  } finally {
    restore();
  }
  expect(count).toBeGreaterThan(3);
  return count;
}

/**
 * Calls `hook` before each statement that is executed in a transaction, those of a migration one by one.
 * @returns what ends that
 */
function beforeStatement(hook: (number: number, sql: string) => void): () => void {
  const { exec, pragma } = Database.prototype;
  let number = 0;
  const hookIn = (database: Database.Database, sql: string) => {
    if (database.inTransaction && sql !== "ROLLBACK") hook(number++, sql);
  };
  const spies = [
    jest.spyOn(Database.prototype, "exec").mockImplementation(function (this: Database.Database, sql) {
      for (const statement of statementsOf(this, sql)) {
        hookIn(this, statement);
        exec.call(this, statement);
      }
      return this;
    }),
    jest.spyOn(Database.prototype, "pragma").mockImplementation(function (this: Database.Database, sql, options) {
      hookIn(this, sql);
      return pragma.call(this, sql, options);
    }),
  ];
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}

/** One after the other: what follows is cut only after `statement` was executed, since SQLite has to know its tables. */
function* statementsOf(database: Database.Database, sql: string): Generator<string> {
  let statement = "";
  for (const part of sql.split(/(?<=;)/)) {
    statement += part;
    if (!isComplete(database, statement)) continue;
    yield statement.trim();
    statement = "";
  }
}

function isComplete(database: Database.Database, sql: string): boolean {
  try {
    database.prepare(sql);
    return true;
  } catch (error) {
    if (/incomplete input|contains no statements/.test(String(error))) return false;
    throw error;
  }
}
