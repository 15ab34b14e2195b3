/**
 * Opens a database: take ownership, look at what it is, get its key, bring its schema up to date, in this order,
 * so that a file that is not ours or not for this key is never changed.
 * @module
 */
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type SearchSettings, StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";
import { betterSqlite3, type SqliteDriver } from "./driver.ts";
import { errorCode } from "./error-code.ts";
import { beginOutside, type Raised, raiseGeneration, writeOutside } from "./generation.ts";
import { checkKey, createDataKey, type StoreKey, unwrapDataKey } from "./key.ts";
import { keyFileOf, syncDirectory } from "./key-file.ts";
import { insertKeyRow, readKeyRow, settleKeyFiles } from "./key-row.ts";
import { openOwned } from "./owned-file.ts";
import { checkMessages, checkSecrets, checkUnused, newStoreId, putPair } from "./pair.ts";
import { checkObjects, FIRST_WITH_LINEAGE, migrate, schemaVersion } from "./schema.ts";
import { Sealer } from "./sealer.ts";
import { OpenedStore, type SqliteStore, type StoreExtras } from "./sqlite-store.ts";

export type SqliteStoreOptions = {
  /**
   * The database file, created with mode 0600 if it is missing; its directory must exist. SQLite keeps
   * `<path>-wal` next to it while it is open.
   */
  readonly path: string;
  /**
   * A passphrase, 32 bytes from a place that keeps secrets, or that place itself, such as the operating system's
   * keychain. Bytes are copied.
   * Without it a random key is kept in `<path>.key` (mode 0600), which protects copies of the database file
   * alone, not the directory.
   */
  readonly key?: StoreKey;
  /**
   * Another file for identity, sessions and invites, to be given at every opening of a store that was created with it: on
   * another disk, or left out of what is copied. One key is for both. Both files have to be there, and neither may be
   * put back from a copy alone.
   */
  readonly secretsPath?: string;
  /**
   * The SQLite library, for one that encrypts whole files: it opens the file and gives it the key of that encryption.
   * @default better-sqlite3
   */
  readonly driver?: SqliteDriver;
  /** Makes messages searchable by their text, which leaves no trace in the file (docs/decisions/0015-search.md). @default no search */
  readonly search?: SearchSettings;
};

const MAX_IDLE_LOG_BYTES = 8 * 2 ** 20;

/**
 * Opens the database at `path`, or creates it, and owns it until it is closed.
 *
 * @throws {@link StoreError} (as a rejection) `STORE_LOCKED`, `CORRUPT`, `SCHEMA_TOO_NEW`, `WRONG_KEY`,
 *   `KEY_UNAVAILABLE`, `INVALID_OPTION`, `IO`
 */
export async function openStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { key, driver = betterSqlite3, search } = options;
  const path = checkPath("path", options.path);
  const secretsPath = options.secretsPath === undefined ? undefined : checkPath("secretsPath", options.secretsPath);
  if (secretsPath === path)
    throw new StoreError("INVALID_OPTION", "secretsPath: want another file than path, got the same");
  checkKey(key);
  const opened: Connection[] = [];
  const open = (file: string) => {
    createFile(file === path ? "path" : "secretsPath", file);
    const connection = openOwned(file, driver);
    opened.push(connection);
    return { connection, version: prepare(connection, file) };
  };
  let sealer: Sealer | undefined;
  try {
    const { connection, version } = open(path);
    const keyFile = keyFileOf(path);
    if (version === 0) {
      const secrets = secretsPath === undefined ? undefined : open(secretsPath);
      if (secrets) checkUnused(secrets.connection, secrets.version);
      const { dataKey, row } = await createDataKey(key, keyFile);
      sealer = new Sealer(dataKey);
      beginOutside(path, { isNew: true });
      const storeId = newStoreId();
      // The secrets first: a store exists as soon as its messages do.
      secrets?.connection.transaction(() => {
        migrate(secrets.connection, secrets.version);
        putPair(secrets.connection, storeId, "secrets");
      });
      const raised = connection.transaction(() => {
        migrate(connection, version);
        if (secrets) putPair(connection, storeId, "messages");
        insertKeyRow(connection, row);
        return secrets === undefined ? raise(connection, { path, isNew: true, secrets: connection }) : undefined;
      });
      return begin(connection, sealer, { secrets: relaxed(secrets?.connection), search, isNew: true, raised });
    }
    const hasSecrets = checkMessages(connection, version, secretsPath);
    sealer = new Sealer(await unwrapDataKey(readKeyRow(connection), key, keyFile));
    const secrets = secretsPath !== undefined && hasSecrets ? open(mustExist(secretsPath)) : undefined;
    if (secrets) {
      checkSecrets(connection, secrets.connection, { messages: version, secrets: secrets.version });
      secrets.connection.transaction(() => migrate(secrets.connection, secrets.version));
    }
    if (version < FIRST_WITH_LINEAGE) beginOutside(path, { isNew: false });
    const raised = connection.transaction(() => {
      migrate(connection, version);
      return secrets === undefined ? raise(connection, { path, isNew: false, secrets: connection }) : undefined;
    });
    settleKeyFiles(connection, keyFile);
    return begin(connection, sealer, { secrets: relaxed(secrets?.connection), search, isNew: false, raised });
  } catch (error) {
    sealer?.wipe();
    for (const connection of opened.reverse()) connection.close();
    throw error;
  }
}

type Opening = StoreExtras & { readonly isNew: boolean; readonly raised?: Raised | undefined };

/** Which copy this is can be said when the secrets have what the messages have: only then all sessions are known. */
function begin(connection: Connection, sealer: Sealer, { isNew, raised, ...extras }: Opening): SqliteStore {
  const store = new OpenedStore(connection, sealer, extras);
  const { path } = connection;
  const { secrets = connection } = extras;
  const { origin, outside } = raised ?? connection.transaction(() => raise(connection, { path, isNew, secrets }));
  writeOutside(path, outside);
  store.origin = origin;
  return store;
}

function raise(connection: Connection, opening: Omit<Parameters<typeof raiseGeneration>[1], "nowMs">): Raised {
  return raiseGeneration(connection, { ...opening, nowMs: Date.now() });
}

/** @returns the schema version of a file that is found to be ours */
function prepare(connection: Connection, path: string): number {
  const version = schemaVersion(connection);
  if (version > 0) checkObjects(connection, version);
  configure(connection);
  checkLength(connection, path);
  return version;
}

/** Commits of the secrets do not wait for the disk: what a crash takes from them, the messages have (two-files.ts). */
function relaxed(secrets: Connection | undefined): Connection | undefined {
  secrets?.pragma("synchronous = NORMAL");
  return secrets;
}

function mustExist(secretsPath: string): string {
  if (existsSync(secretsPath)) return secretsPath;
  throw new StoreError("CORRUPT", `secretsPath: want the file of this store's secrets, got none at ${secretsPath}`);
}

function checkPath(name: string, path: string): string {
  // SQLite trims names and treats a NUL as the end of one, which would make it open another file than we mean.
  if (typeof path !== "string" || path.trim() !== path || path === "" || path.includes("\0")) {
    throw new StoreError("INVALID_OPTION", `${name}: want a file name without spaces at its ends, got another value`);
  }
  return resolve(path); // absolute, hence never ":memory:" nor a "file:" URI
}

/**
 * Creates an empty file that only its owner may read; SQLite gives the -wal file the same mode. An existing file is
 * not even opened: closing it would drop the locks that another store of this process may hold on it (POSIX).
 */
function createFile(option: "path" | "secretsPath", path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
    syncDirectory(dirname(path));
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new StoreError("INVALID_OPTION", `${option}: want a file in an existing directory, got ${path}`, {
        cause: error,
      });
    }
    throw new StoreError("IO", `${path}: want to create it, got ${code}`, { cause: error });
  }
}

function configure(connection: Connection): void {
  const journal = connection.pragma("journal_mode = WAL");
  if (journal !== "wal") throw new StoreError("IO", `database: want write-ahead logging, got journal mode ${journal}`);
  // SQLite moves the log over every 1,000 pages, but a transaction that was larger would leave its length for good.
  connection.pragma(`journal_size_limit = ${MAX_IDLE_LOG_BYTES}`);
  connection.pragma("synchronous = FULL");
  connection.pragma("fullfsync = ON"); // where fsync alone does not reach the disk (macOS)
  connection.pragma("foreign_keys = ON");
  connection.pragma("secure_delete = ON");
  connection.pragma("temp_store = MEMORY");
  connection.pragma("trusted_schema = OFF");
  connection.pragma("cell_size_check = ON");
}

/**
 * SQLite reads a last page that was cut off as if zeros followed. What a crash left in the -wal file is moved over
 * first: only then must the file have all its pages.
 */
function checkLength(connection: Connection, path: string): void {
  connection.pragma("wal_checkpoint(TRUNCATE)");
  const want = Number(connection.pragma("page_count")) * Number(connection.pragma("page_size"));
  const { size } = statSync(path);
  if (size < want) throw new StoreError("CORRUPT", `${path}: want ${want} bytes, got ${size}; the file was cut off`);
}
