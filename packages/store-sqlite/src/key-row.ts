/**
 * The row of the wrapped data key, and the key files that belong to it.
 * @module
 */
import { existsSync } from "node:fs";
import { StoreError } from "@chat/store";
import type { Connection } from "./connection.ts";
import { isKeyIn, type KeyRow } from "./key.ts";
import { adoptDraft, draftOf, removeKeyFile } from "./key-file.ts";

const KEY_COLUMNS = "kek, salt, scrypt_n, scrypt_r, scrypt_p, wrapped";

export function readKeyRow(connection: Connection): KeyRow {
  const row = connection.statement<KeyRow>(`SELECT ${KEY_COLUMNS} FROM data_key`).get();
  if (row === undefined) throw new StoreError("CORRUPT", "data_key: want one row, got none");
  return row;
}

export function insertKeyRow(connection: Connection, row: KeyRow): void {
  connection.statement(`INSERT INTO data_key (id, ${KEY_COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?)`).run(...valuesOf(row));
}

/** In the caller's transaction. The row also says that a key file is to be removed, if the one of before wanted one. */
export function replaceKeyRow(connection: Connection, row: KeyRow): void {
  connection
    .statement(
      `UPDATE data_key SET has_old_file = (has_old_file OR kek = 'file') AND ? <> 'file', kek = ?, salt = ?, scrypt_n = ?,
       scrypt_r = ?, scrypt_p = ?, wrapped = ?`,
    )
    .run(row.kek, ...valuesOf(row));
}

/**
 * Leaves the key file that the row wants and no other: after a change of the key, and at opening, for a change that was
 * interrupted. Call it once the row is durable, and nothing of the one of before is left in the log.
 */
export function settleKeyFiles(connection: Connection, keyFile: string): void {
  const draft = draftOf(keyFile);
  const unfinished = `${draft}.tmp`;
  if (existsSync(unfinished)) removeKeyFile(unfinished);
  if (existsSync(draft)) {
    if (isKeyIn(draft, readKeyRow(connection))) adoptDraft(keyFile);
    else removeKeyFile(draft);
  }
  const old = connection.statement<{ has_old_file: number }>("SELECT has_old_file FROM data_key").get();
  if (old?.has_old_file === 1) {
    removeKeyFile(keyFile);
    connection.exec("UPDATE data_key SET has_old_file = 0");
  }
}

function valuesOf({ kek, salt, scrypt_n: n, scrypt_r: r, scrypt_p: p, wrapped }: KeyRow) {
  return [kek, salt, n, r, p, wrapped] as const;
}
