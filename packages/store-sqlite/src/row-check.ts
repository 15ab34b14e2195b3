/**
 * Checks that rows have the types that the schema promises. SQLite enforces a STRICT table when it is written; what it
 * reads from pages that were damaged or exchanged can be anything.
 * @module
 */
import { StoreError } from "@chat/store";
import type { SqliteDatabase, SqliteStatement } from "./driver.ts";

type Check = (row: object) => void;

/** Which columns of which tables may not be null; read once for each table. */
export class RowChecks {
  readonly #database: SqliteDatabase;
  readonly #tables = new Map<string, ReadonlySet<string>>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** For the rows of `statement`; expressions are left to its caller. */
  of(statement: SqliteStatement): Check {
    if (!statement.reader) return () => {};
    const columns = statement.columns().flatMap(({ name, table, column, type }) => {
      if (table === null || column === null || type === null) return [];
      return [{ name, table, type, isRequired: this.#requiredOf(table).has(column) }];
    });
    return (row) => {
      for (const { name, table, type, isRequired } of columns) {
        const value: unknown = Reflect.get(row, name);
        if (value === null ? !isRequired : isOf(type, value)) continue;
        throw new StoreError("CORRUPT", `${table}.${name}: want a value of type ${type}, got another`);
      }
    };
  }

  #requiredOf(table: string): ReadonlySet<string> {
    let required = this.#tables.get(table);
    if (required === undefined) {
      const sql = `SELECT name FROM pragma_table_info(?) WHERE "notnull"`;
      required = new Set(this.#database.prepare(sql).pluck().all(table).map(String));
      this.#tables.set(table, required);
    }
    return required;
  }
}

/** @param type - as the schema names it */
function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "INTEGER":
      return Number.isSafeInteger(value);
    case "REAL":
      return typeof value === "number";
    case "TEXT":
      return typeof value === "string";
    case "BLOB":
      return ArrayBuffer.isView(value);
    default:
      return true;
  }
}
