/** docs/storage.md says what the schema is. */
import { readFileSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { beforeAll, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const page = readFileSync(new URL("../../../docs/storage.md", import.meta.url), "utf8");

type Table = { readonly name: string; readonly sql: string };
type Column = { readonly name: string; readonly type: string; readonly pk: number };
type ForeignKey = { readonly from: string; readonly table: string };

let entities: string[] = [];
let tables: string[] = [];
let references: string[] = [];

beforeAll(async () => {
  const path = directory.file("schema.db");
  await (await openStore({ path, key })).close();
  const database = new Database(path);
  const found = database
    .prepare<[], Table>("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  tables = found.map(({ name }) => name).sort();
  entities = found.map((table) => entityOf(database, table)).sort();
  references = found
    .flatMap(({ name }) =>
      database
        .prepare<[string], ForeignKey>(`SELECT "from", "table" FROM pragma_foreign_key_list(?)`)
        .all(name)
        .map(({ table }) => `${table} ${name}`),
    )
    .sort();
  database.close();
});

test("the diagram has every table with its columns, their types, keys and seals", () => {
  const drawn = [...page.matchAll(/^ {2}\w+ \{\n(?: {4}.*\n)* {2}\}$/gm)].map(([text]) => text);
  expect(drawn.sort()).toEqual(entities);
});

test("the diagram has every foreign key", () => {
  const drawn = [...page.matchAll(/^ {2}(\w+) \|\|--o[{|] (\w+) : /gm)].map(([, one, many]) => `${one} ${many}`);
  expect(drawn.sort()).toEqual(references);
});

test("every table is explained", () => {
  const explained = [...page.matchAll(/^\| `(\w+)` +\| .*\| .*\|$/gm)].map(([, name]) => name);
  expect(explained.sort()).toEqual(tables);
});

/** As it has to stand in the diagram. */
function entityOf(database: Database.Database, { name, sql }: Table): string {
  const columns = database.prepare<[string], Column>("SELECT name, type, pk FROM pragma_table_info(?)").all(name);
  const foreign = new Set(
    database.prepare<[string], string>(`SELECT "from" FROM pragma_foreign_key_list(?)`).pluck().all(name),
  );
  const unique = new Set(
    database
      .prepare<[string], string>(
        `SELECT min(columns.name) FROM pragma_index_list(?) AS indexes, pragma_index_info(indexes.name) AS columns
         WHERE indexes."unique" AND indexes.origin = 'u' GROUP BY indexes.name HAVING count(*) = 1`,
      )
      .pluck()
      .all(name),
  );
  const lines = columns.map((column) => {
    const keys = [
      ...(column.pk > 0 ? ["PK"] : []),
      ...(foreign.has(column.name) ? ["FK"] : []),
      ...(unique.has(column.name) ? ["UK"] : []),
    ];
    const isSealed = new RegExp(`^\\s*${column.name} .*-- sealed`, "m").test(sql);
    const words = [column.type, column.name, keys.join(", "), isSealed ? '"sealed"' : ""];
    return `    ${words.filter((word) => word !== "").join(" ")}`;
  });
  return [`  ${name} {`, ...lines, "  }"].join("\n");
}
