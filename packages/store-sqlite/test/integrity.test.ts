/** What `integrityCheck` says of stores that are whole, and of those that are damaged. */
import { readFileSync, writeFileSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { SEALED_COLUMNS } from "../src/sealed-columns.ts";
import { fillAll } from "./fill-all.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);

async function filled(name: string, options: { secretsPath?: string } = {}): Promise<string> {
  const path = directory.file(name);
  await using store = await openStore({ path, key, ...options });
  await fillAll(store);
  return path;
}

function change(path: string, sql: string): void {
  const database = new Database(path);
  database.pragma("foreign_keys = OFF");
  database.exec(sql);
  database.close();
}

test("every sealed column of the schema is known here", async () => {
  const path = await filled("columns.db");
  const database = new Database(path);
  const tables = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    .all();
  database.close();
  const sealed = tables.flatMap(({ name, sql }) =>
    [...sql.matchAll(/^\s*(\w+) .*-- sealed(?! with)/gm)].map(([, column]) => `${name}.${column}`),
  );
  expect(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(sealed.sort());
});

test("a store that is whole is intact, in one file and in two, and each of its values is opened", async () => {
  for (const options of [{}, { secretsPath: directory.file("secrets.db") }]) {
    const path = await filled(`whole-${Object.keys(options).length}.db`, options);
    await using store = await openStore({ path, key, ...options });
    const report = await store.integrityCheck();
    expect(report).toMatchObject({ isIntact: true, damages: [] });
    expect(report.values).toBeGreaterThanOrEqual(SEALED_COLUMNS.length - 1); // no redo record is left in a closed store
    expect(await store.integrityCheck({ quick: true })).toEqual({ isIntact: true, damages: [], values: 0 });
  }
});

test("each value that was changed, or belongs to another row, is named by table and row", async () => {
  for (const { table, column } of SEALED_COLUMNS) {
    if (table === "secret_redo") continue;
    const path = await filled(`changed-${table}-${column}.db`);
    change(path, `UPDATE ${table} SET ${column} = zeroblob(length(${column}))`);
    const database = new Database(path);
    const { row } = database.prepare<[], { row: number }>(`SELECT max(rowid) AS row FROM ${table}`).get() ?? { row: 0 };
    database.close();
    await using store = await openStore({ path, key });
    const { damages } = await store.integrityCheck();
    expect(damages).toContainEqual({ kind: "value", table, column, row });
  }
});

test("values that were exchanged, a reference to nothing and an index without its row are found", async () => {
  const path = await filled("exchanged.db");
  change(
    path,
    `CREATE TEMP TABLE old AS SELECT sequence, content FROM messages;
     UPDATE messages SET content = (SELECT content FROM old WHERE old.sequence = 3 - messages.sequence) WHERE sequence < 3;
     INSERT INTO queued_bytes (position, bytes) VALUES (99, x'00')`,
  );
  await using store = await openStore({ path, key });
  const report = await store.integrityCheck();
  expect(report.isIntact).toBe(false);
  expect(report.damages).toEqual([
    { kind: "reference", table: "queued_bytes", row: 99 },
    { kind: "value", table: "messages", column: "content", row: 1 },
    { kind: "value", table: "messages", column: "content", row: 2 },
  ]);
});

test("damaged pages are reported, without an exception and without content", async () => {
  const path = await filled("pages.db");
  const original = readFileSync(path);
  const generation = readFileSync(`${path}.generation`);
  let reported = 0;
  for (let start = 4_096; start < original.length; start += 4_096) {
    writeFileSync(path, Buffer.from(original).fill(0xa5, start, start + 4_096));
    writeFileSync(`${path}.generation`, generation);
    const opening = await openStore({ path, key }).catch(() => undefined);
    if (opening === undefined) continue; // found at once
    await using store = opening;
    const report = await store.integrityCheck();
    expect(JSON.stringify(report)).not.toContain("hidden");
    if (!report.isIntact) reported += 1;
  }
  expect(reported).toBeGreaterThan(20);
});
