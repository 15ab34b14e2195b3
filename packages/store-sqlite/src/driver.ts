/**
 * What the store needs of an SQLite library: the part of the API of better-sqlite3 that it calls. Others have the same one,
 * such as better-sqlite3-multiple-ciphers, which encrypts whole files.
 * @module
 */
import Database from "better-sqlite3";

export interface SqliteStatement {
  readonly reader: boolean;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): unknown;
  pluck(): SqliteStatement;
  columns(): { name: string; column: string | null; table: string | null; type: string | null }[];
}

export interface SqliteDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  pragma(sql: string, options?: { simple?: boolean }): unknown;
  /** Copies the database, a step at a time; `progress` says how many pages the next step copies. */
  backup?(path: string, options: { progress: BackupProgress }): Promise<unknown>;
  close(): unknown;
}

export type BackupProgress = (state: { totalPages: number; remainingPages: number }) => number;

/** To be passed on: the file is there, and a lock is not waited for. */
export type SqliteDriverOptions = { readonly fileMustExist: boolean; readonly timeout: number };

/**
 * Opens a database file, and gives it its key if the library encrypts files. It must not touch it otherwise: whether the
 * file is free and ours is found out afterwards.
 */
export type SqliteDriver = (path: string, options: SqliteDriverOptions) => SqliteDatabase;

export const betterSqlite3: SqliteDriver = (path, options) => new Database(path, options);
