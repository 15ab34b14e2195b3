/**
 * A connection that owns its file from opening to closing, and the refusal that names the owner to whoever comes second.
 * @module
 */
import { realpathSync, statSync } from "node:fs";
import { StoreError, type StoreHolder } from "@chat/store";
import { Connection } from "./connection.ts";
import type { SqliteDriver } from "./driver.ts";
import { errorCode } from "./error-code.ts";
import { readOwner, removeOwner, writeOwner } from "./owner.ts";

/**
 * Opens an existing file and locks it until the connection is closed, other processes and other stores of this one alike.
 * @throws {@link StoreError} `STORE_LOCKED`, `CORRUPT`, `IO`
 */
export function openOwned(path: string, driver: SqliteDriver): Connection {
  const { realPath, id } = identify(path);
  if (openHere().has(id)) throw locked(path, readOwner(realPath));
  openHere().add(id);
  let connection: Connection | undefined;
  try {
    connection = new Connection(path, driver);
    // The mode in which the lock that is taken then is kept; the system frees it after a crash.
    connection.pragma("locking_mode = EXCLUSIVE");
    connection.exec("BEGIN EXCLUSIVE; COMMIT");
  } catch (error) {
    connection?.close();
    openHere().delete(id);
    if (errorCode(error) !== "STORE_LOCKED") throw error;
    throw locked(path, readOwner(realPath), error);
  }
  writeOwner(realPath);
  connection.onClose({ before: () => removeOwner(realPath), after: () => openHere().delete(id) });
  return connection;
}

function identify(path: string): { realPath: string; id: string } {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { realPath: realpathSync(path), id: `${dev}:${ino}` };
  } catch (error) {
    throw new StoreError("IO", `${path}: want to read and write it, got ${errorCode(error)}`, { cause: error });
  }
}

const OPEN_HERE = Symbol.for("@chat/store-sqlite: files open in this process");

/**
 * SQLite's locks are those of a process: two copies of the library in one (two drivers, two versions of this package) would
 * not see each other's on POSIX. So what is open here is kept where all of them see it.
 */
function openHere(): Set<string> {
  const known: unknown = Reflect.get(globalThis, OPEN_HERE);
  if (known instanceof Set) return known;
  const files = new Set<string>();
  Reflect.set(globalThis, OPEN_HERE, files);
  return files;
}

function locked(path: string, holder: StoreHolder | undefined, cause?: unknown): StoreError {
  const owner =
    holder === undefined
      ? "it is open elsewhere"
      : holder.pid === process.pid
        ? `this process (${holder.pid}, started ${new Date(holder.startedAtMs).toISOString()}) has it open already`
        : `process ${holder.pid} (started ${new Date(holder.startedAtMs).toISOString()}) has it open`;
  const message = `${path}: want to be its only owner, but ${owner}; close the other store or process, or use another path`;
  return new StoreError("STORE_LOCKED", message, { ...(cause !== undefined && { cause }), ...(holder && { holder }) });
}
