/**
 * A driver that tells of each statement that may write, of all files that are opened by it.
 * @module
 */
import type { SqliteDriver, SqliteStatement } from "@chat/store-sqlite";
import Database from "better-sqlite3";

export type Statement = {
  readonly file: string;
  readonly sql: string;
  /** Ends the transaction under way, if there is one, as SQLite itself may on a full disk. */
  readonly endTransaction: () => void;
};
type Watch = (statement: Statement) => void;
type Watches = { readonly before?: Watch; readonly after?: Watch };

/** @param watch - what it throws is what the statement throws */
export function watchedDriver(watch: Watch | Watches): SqliteDriver {
  const { before = () => {}, after = () => {} } = typeof watch === "function" ? { before: watch } : watch;
  return (file, options) => {
    const database = new Database(file, options);
    const endTransaction = () => {
      if (database.inTransaction) database.exec("ROLLBACK");
    };
    const run = <Result>(sql: string, statement: () => Result): Result => {
      before({ file, sql, endTransaction });
      const result = statement();
      after({ file, sql, endTransaction });
      return result;
    };
    return {
      get inTransaction() {
        return database.inTransaction;
      },
      prepare: (sql) => {
        const statement: SqliteStatement = database.prepare(sql);
        return {
          reader: statement.reader,
          get: (...values) => statement.get(...values),
          all: (...values) => statement.all(...values),
          run: (...values) => run(sql, () => statement.run(...values)),
          pluck: () => statement.pluck(),
          columns: () => statement.columns(),
        };
      },
      exec: (sql) => run(sql, () => database.exec(sql)),
      pragma: (sql, pragmaOptions) => run(sql, () => database.pragma(sql, pragmaOptions)),
      close: () => database.close(),
    };
  };
}
