/**
 * Makes what SQLite wrote to its write-ahead log survive a power cut, without stopping the event loop for it: SQLite
 * itself would sync the disk in the middle of a commit.
 * Source: SQLite, "Write-Ahead Logging" and "PRAGMA synchronous".
 * @module
 */
import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { SharedSync } from "./shared-sync.ts";

const sync = promisify(fdatasync);

export interface WriteAheadLog {
  /** Resolves when everything that is in the log now is on the disk; always rejects after one failure. */
  synced(): Promise<void>;
  /** To be called when SQLite has closed the database, and so put everything into its file. */
  close(): Promise<void>;
}

/**
 * @param database - its file, open and in WAL mode. Only the log beside it is opened here: to open and close the file
 * itself would end SQLite's locks on it
 */
export function openWriteAheadLog(database: string): WriteAheadLog {
  const file = openSync(`${database}-wal`, "r");
  syncFolder(dirname(database)); // or the log could be gone as a whole
  const shared = new SharedSync(() => sync(file));
  return {
    synced: () => shared.synced(),
    close: async () => {
      await shared.synced().catch(() => {}); // the last one to use the file
      closeSync(file);
    },
  };
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
