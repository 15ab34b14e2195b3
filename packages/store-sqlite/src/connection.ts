/**
 * One connection to a database file, with every failure turned into a {@link StoreError}.
 * @module
 */
import { StoreError } from "@chat/store";
import { type BackupProgress, betterSqlite3, type SqliteDatabase, type SqliteDriver } from "./driver.ts";
import { errorCode } from "./error-code.ts";
import { RowChecks } from "./row-check.ts";
import type { Failure, Transactions } from "./transactions.ts";

export type Value = string | number | Uint8Array | null;

export type Statement<Row> = {
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  run(...values: Value[]): void;
};

type Release = { readonly before: () => void; readonly after: () => void };

export class Connection implements Transactions {
  readonly #database: SqliteDatabase;
  readonly #path: string;
  readonly #rowChecks: RowChecks;

  #release: Release = { before: () => {}, after: () => {} };

  /** @param path - absolute; the file must exist */
  constructor(path: string, driver: SqliteDriver = betterSqlite3) {
    this.#path = path;
    // No waiting for a lock: whoever holds it is another owner, and does not let go of it.
    this.#database = this.#guard(() => driver(path, { fileMustExist: true, timeout: 0 }));
    this.#rowChecks = new RowChecks(this.#database);
  }

  get path(): string {
    return this.#path;
  }

  /** False again as soon as SQLite had to end the transaction by itself, as it may on a full disk. */
  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** @typeParam Row - the columns that `sql` selects; those of tables are checked to have the types of the schema */
  statement<Row extends object = never>(sql: string): Statement<Row> {
    const prepared = this.#guard(() => this.#database.prepare(sql));
    const check = this.#guard(() => this.#rowChecks.of(prepared));
    return {
      get: (...values) => {
        const row = this.#guard(() => prepared.get(...values));
        if (!isRow<Row>(row)) return undefined;
        check(row);
        return row;
      },
      all: (...values) => {
        const rows = this.#guard(() => prepared.all(...values)).filter(isRow<Row>);
        for (const row of rows) check(row);
        return rows;
      },
      run: (...values) => {
        this.#guard(() => prepared.run(...values));
      },
    };
  }

  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  /** @returns the pragma's first value */
  pragma(sql: string): unknown {
    return this.#guard(() => this.#database.pragma(sql, { simple: true }));
  }

  /** @returns a value for each row that the pragma gives, from its column of this name */
  pragmaColumn(sql: string, column: string): unknown[] {
    const rows = this.#guard(() => this.#database.pragma(sql));
    return Array.isArray(rows) ? rows.map((row) => (isRow(row) ? Reflect.get(row, column) : undefined)) : [];
  }

  transaction<Result>(work: () => Result): Result {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.inTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  attempt(work: () => void): Failure | undefined {
    this.exec("SAVEPOINT one");
    try {
      work();
    } catch (error) {
      // On some failures, a full disk for one, SQLite ends the whole transaction by itself.
      if (!this.inTransaction) throw error;
      this.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
    this.exec("RELEASE one");
    return undefined;
  }

  truncateLog(): void {
    this.pragma("wal_checkpoint(TRUNCATE)");
  }

  /**
   * Copies the database into an empty file while it is being used.
   * @param onStep - returns how many pages the next step copies
   */
  async backup(path: string, onStep: (totalPages: number, remainingPages: number) => number): Promise<void> {
    const progress: BackupProgress = ({ totalPages, remainingPages }) => onStep(totalPages, remainingPages);
    if (this.#database.backup === undefined) {
      throw new StoreError("INVALID_OPTION", "driver: want one that has `backup`, got another");
    }
    try {
      await this.#database.backup(path, { progress });
    } catch (error) {
      throw toStoreError(error, path);
    }
  }

  /** @param release - what is done once, just before and just after the lock is given up */
  onClose(release: Release): void {
    this.#release = release;
  }

  close(): void {
    const { before, after } = this.#release;
    this.#release = { before: () => {}, after: () => {} };
    before();
    this.#database.close();
    after();
  }

  #guard<Result>(operation: () => Result): Result {
    try {
      return operation();
    } catch (error) {
      throw toStoreError(error, this.#path);
    }
  }
}

/** @typeParam Row - what {@link Connection.statement} checks column by column */
function isRow<Row extends object>(value: unknown): value is Row {
  return typeof value === "object" && value !== null;
}

/** SQLite's codes become ours. Its messages name tables and columns, never values, so they may travel as `cause`. */
function toStoreError(error: unknown, path: string): unknown {
  const code = errorCode(error) ?? "";
  if (!code.startsWith("SQLITE_")) return error; // a mistake of ours, such as a missing parameter
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new StoreError(
      "STORE_LOCKED",
      `${path}: want to be its only owner, but it is open elsewhere; close the other store or process, or use another path`,
      { cause: error },
    );
  }
  if (code === "SQLITE_CONSTRAINT_FOREIGNKEY") {
    return new StoreError("INVALID_RECORD", "record: want what it refers to put before, got an unknown id", {
      cause: error,
    });
  }
  // SQLITE_ERROR is an error in the SQL: ours is right for our schema, so the schema is not ours.
  if (/^SQLITE_(NOTADB|CORRUPT|ERROR$)/.test(code)) {
    const hint = code === "SQLITE_NOTADB" ? " (is the file encrypted, by another driver or key?)" : "";
    return new StoreError("CORRUPT", `${path}: want an intact database of @chat/store-sqlite, got ${code}${hint}`, {
      cause: error,
    });
  }
  return new StoreError("IO", `${path}: want to read and write it, got ${code}`, {
    cause: error,
  });
}
