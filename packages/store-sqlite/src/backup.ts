/**
 * A copy of an open store in one file: the database as it is at the end, with its own key, behind it a MAC over all of it
 * that needs the data key. It has its name only when it is complete, was read again, and the store itself has gone on to
 * the next generation; so whoever opens the copy has an older state.
 * @module
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StoreError } from "@chat/store";
import { macOf, TRAILER } from "./backup-file.ts";
import { Connection } from "./connection.ts";
import { errorCode } from "./error-code.ts";
import { markAsBackup, raiseAfterBackup, writeOutside } from "./generation.ts";
import { checkKey, type StoreKey, wrapDataKey } from "./key.ts";
import { syncDirectory } from "./key-file.ts";
import { readKeyRow, replaceKeyRow } from "./key-row.ts";
import type { StoreParts } from "./store-parts.ts";

export type BackupOptions = {
  /** Of the copy. @default that of the store; needed if that is in a key file, which the copy could be left without */
  readonly key?: StoreKey;
  /** Told about every 4 MiB, and at the end with `remaining` 0. In bytes. */
  readonly onProgress?: (progress: { readonly total: number; readonly remaining: number }) => void;
  /** Leaves nothing behind. */
  readonly signal?: AbortSignal;
};

/** 1 MiB: between two of them writes go on. */
const PAGES_PER_STEP = 256;
const STEPS_PER_REPORT = 4;

/**
 * @param path - of a file that is not there yet
 * @throws {@link StoreError} `INVALID_OPTION`, `KEY_UNAVAILABLE`, `IO`; the signal's reason
 */
export async function backup(parts: StoreParts, path: string, options: BackupOptions): Promise<void> {
  const { key, signal } = options;
  const { connection, sealer, writes, assertOpen } = parts;
  const target = resolve(path);
  const draft = `${target}.tmp`;
  signal?.throwIfAborted();
  checkKey(key);
  if (key === undefined && readKeyRow(connection).kek === "file") {
    throw new StoreError(
      "INVALID_OPTION",
      "key: want one for the copy, since that of the store is in a file, got none",
    );
  }
  if (existsSync(target)) throw new StoreError("INVALID_OPTION", `path: want a file that is not there, got ${target}`);
  try {
    createDraft(draft);
    await copyPages(connection, draft, options);
    const wrap = (kek: Uint8Array, place: Parameters<typeof sealer.wrap>[1]) => {
      assertOpen();
      return sealer.wrap(kek, place);
    };
    const row = key === undefined ? undefined : await wrapDataKey(key, missingKeyFile, wrap);
    const copy = new Connection(draft);
    try {
      copy.pragma("locking_mode = EXCLUSIVE");
      copy.pragma("journal_mode = MEMORY"); // one file; if this fails, the draft is removed
      copy.pragma("secure_delete = ON");
      copy.transaction(() => {
        markAsBackup(copy);
        if (row !== undefined) replaceKeyRow(copy, row);
        copy.exec("UPDATE data_key SET has_old_file = 0");
      });
    } finally {
      copy.close();
    }
    signal?.throwIfAborted();
    const mac = await macOf(draft, sealer.backupMac(), signal);
    await appendFile(draft, Buffer.concat([TRAILER, mac]));
    sync(draft);
    // What the operating system has now is what was authenticated.
    const again = await macOf(draft, sealer.backupMac(), signal, TRAILER.length + mac.length);
    if (Buffer.compare(again, mac) !== 0) throw new StoreError("IO", `${draft}: want what was written, read another`);
    assertOpen();
    let outside: ReturnType<typeof raiseAfterBackup> | undefined;
    await writes.write(() => {
      outside = raiseAfterBackup(connection);
    });
    if (outside !== undefined) writeOutside(connection.path, outside);
    renameSync(draft, target);
    syncDirectory(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw toStoreError(error, target);
  }
}

async function copyPages(connection: Connection, draft: string, { onProgress, signal }: BackupOptions): Promise<void> {
  const pageSize = Number(connection.pragma("page_size"));
  let steps = 0;
  await connection.backup(draft, (totalPages, remainingPages) => {
    signal?.throwIfAborted();
    if (remainingPages === 0 || steps++ % STEPS_PER_REPORT === 0) {
      onProgress?.({ total: totalPages * pageSize, remaining: remainingPages * pageSize });
    }
    return PAGES_PER_STEP;
  });
  onProgress?.({ total: Number(connection.pragma("page_count")) * pageSize, remaining: 0 });
}

function createDraft(draft: string): void {
  rmSync(draft, { force: true }); // of a backup that was interrupted
  closeSync(openSync(draft, "wx", 0o600));
}

function sync(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function missingKeyFile(): never {
  throw new StoreError("INVALID_OPTION", "key: want one for the copy, got none");
}

function toStoreError(error: unknown, path: string): unknown {
  const code = errorCode(error) ?? "";
  if (!/^E[A-Z]+$/.test(code)) return error;
  return new StoreError("IO", `${path}: want to write a backup, got ${code}`, { cause: error });
}
