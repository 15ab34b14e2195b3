/**
 * Makes a store of a backup: checked as a whole before it has its name. The store that is opened there is an older state
 * and knows it: its sessions are marked, and what they would send is held back.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { copyFile, truncate } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StoreError } from "@chat/store";
import { MAC_LENGTH, macOf, TRAILER } from "./backup-file.ts";
import { Connection } from "./connection.ts";
import { errorCode } from "./error-code.ts";
import { generationFile } from "./generation.ts";
import { checkKey, type StoreKey, unwrapDataKey } from "./key.ts";
import { keyFileOf, syncDirectory } from "./key-file.ts";
import { readKeyRow } from "./key-row.ts";
import { checkObjects, schemaVersion } from "./schema.ts";
import { Sealer } from "./sealer.ts";

export type RestoreOptions = {
  /** A file that `backup` of a store has made. It is only read. */
  readonly from: string;
  /** Of the new store; nothing may be there. */
  readonly path: string;
  /** That of the backup. */
  readonly key: StoreKey;
  /** Leaves nothing behind. */
  readonly signal?: AbortSignal;
};

const END_LENGTH = TRAILER.length + MAC_LENGTH;

/**
 * Afterwards, `openStore` with the same `path` and `key` finds the state of the backup, with `origin` "restored".
 *
 * @throws {@link StoreError} (as a rejection) `INVALID_OPTION`, `WRONG_KEY`, `KEY_UNAVAILABLE`, `SCHEMA_TOO_NEW`, `IO`;
 *   `CORRUPT` for a file that was cut off, changed, or is no backup; the signal's reason
 */
export async function restoreStore({ from, path, key, signal }: RestoreOptions): Promise<void> {
  checkKey(key);
  const target = resolve(path);
  for (const file of [target, `${target}-wal`, keyFileOf(target), generationFile(target)]) {
    if (existsSync(file)) throw new StoreError("INVALID_OPTION", `path: want a new place, but ${file} is there`);
  }
  const draft = `${target}.tmp`;
  try {
    signal?.throwIfAborted();
    rmSync(draft, { force: true }); // of a restore that was interrupted
    closeSync(openSync(draft, "wx", 0o600));
    await copyFile(resolve(from), draft);
    signal?.throwIfAborted();
    await check(draft, key, signal);
    renameSync(draft, target);
    syncDirectory(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw toStoreError(error, from);
  }
}

/** Checks the copy and not the original, which may change meanwhile; and leaves it as a database alone. */
async function check(draft: string, key: StoreKey, signal: AbortSignal | undefined): Promise<void> {
  const { size, mac } = endOf(draft);
  const connection = new Connection(draft);
  let sealer: Sealer;
  try {
    checkObjects(connection, schemaVersion(connection));
    sealer = new Sealer(await unwrapDataKey(readKeyRow(connection), key, keyFileOf(draft)));
  } finally {
    connection.close();
  }
  try {
    const actual = await macOf(draft, sealer.backupMac(), signal, END_LENGTH);
    if (!timingSafeEqual(actual, mac)) throw damaged("it was changed");
  } finally {
    sealer.wipe();
  }
  await truncate(draft, size);
  const file = openSync(draft, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function endOf(path: string): { readonly size: number; readonly mac: Uint8Array } {
  const file = openSync(path, "r");
  try {
    const size = fstatSync(file).size - END_LENGTH;
    const end = new Uint8Array(END_LENGTH);
    if (size > 0) readSync(file, end, 0, END_LENGTH, size);
    if (size <= 0 || Buffer.compare(end.subarray(0, TRAILER.length), TRAILER) !== 0) {
      throw damaged("it is none, or was cut off");
    }
    return { size, mac: end.subarray(TRAILER.length) };
  } finally {
    closeSync(file);
  }
}

function damaged(problem: string): StoreError {
  return new StoreError("CORRUPT", `from: want a whole backup, but ${problem}`);
}

function toStoreError(error: unknown, from: string): unknown {
  const code = errorCode(error) ?? "";
  if (!/^E[A-Z]+$/.test(code)) return error;
  return new StoreError("IO", `${from}: want to read it and to write the copy, got ${code}`, { cause: error });
}
