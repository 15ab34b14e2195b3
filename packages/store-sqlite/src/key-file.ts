/**
 * The file with a random key that stands in when the application gives no key. It protects copies of the database
 * file alone, such as a backup or an upload: whoever reads the whole directory can read everything.
 * @module
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "@chat/store";
import { errorCode } from "./error-code.ts";
import { KEY_LENGTH } from "./sealer.ts";

/**
 * The key in the file, or undefined if there is no such file.
 * @throws {@link StoreError} `WRONG_KEY` if it has not 32 bytes, `IO` if it cannot be read
 */
export function readKeyFile(path: string): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new StoreError("IO", `${path}: want to read the key file, got ${errorCode(error)}`, { cause: error });
  }
  if (bytes.length !== KEY_LENGTH) {
    throw new StoreError("WRONG_KEY", `${path}: want a key file of ${KEY_LENGTH} bytes, got ${bytes.length}`);
  }
  return bytes;
}

/**
 * Creates the file with mode 0600 and a new random key. The caller owns the database, so nobody else is at it.
 * Once this returns, the whole key survives a crash: losing it would lose the database.
 */
export function createKeyFile(path: string): Uint8Array {
  const key = new Uint8Array(randomBytes(KEY_LENGTH));
  try {
    writeDurably(path, key);
  } catch (error) {
    throw new StoreError("IO", `${path}: want to create the key file, got ${errorCode(error)}`, { cause: error });
  }
  return key;
}

export function keyFileOf(path: string): string {
  return `${path}.key`;
}

/** Where a new key stands until the database wants it. */
export function draftOf(path: string): string {
  return `${path}.next`;
}

/** Puts the key of {@link draftOf} in its place: the database wants it now, so the one of before is worth nothing. */
export function adoptDraft(path: string): void {
  changing(path, () => {
    renameSync(draftOf(path), path);
    syncDirectory(dirname(path));
  });
}

export function removeKeyFile(path: string): void {
  changing(path, () => {
    rmSync(path, { force: true });
    syncDirectory(dirname(path));
  });
}

/** Replaces the file as a whole, with mode 0600; once this returns, a crash takes nothing of it back. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const draft = `${path}.tmp`;
  rmSync(draft, { force: true }); // of a writing that was interrupted
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

function changing(path: string, change: () => void): void {
  try {
    change();
  } catch (error) {
    throw new StoreError("IO", `${path}: want to replace or remove the key file, got ${errorCode(error)}`, {
      cause: error,
    });
  }
}

/** Makes the names of new files durable. Windows can not open a directory, and needs no such call. */
export function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
