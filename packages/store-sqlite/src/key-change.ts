/**
 * Changes the key of an open store: the data key is wrapped anew, and nothing else is written. A crash at any moment leaves
 * one valid key: that of before until the transaction is durable, the new one from then on.
 * @module
 */
import { existsSync } from "node:fs";
import { StoreError } from "@chat/store";
import { checkKey, type StoreKey, wrapDataKey } from "./key.ts";
import { createKeyFile, draftOf, removeKeyFile } from "./key-file.ts";
import { replaceKeyRow, settleKeyFiles } from "./key-row.ts";
import type { StoreParts } from "./store-parts.ts";

/**
 * @param key - without one, a new key file is made
 * @throws {@link StoreError} `INVALID_OPTION`, `KEY_UNAVAILABLE`, `IO`, `CLOSED`: the key of before stays, unless an `IO`
 *   says that the old one could not be removed
 */
export async function changeKey(parts: StoreParts, keyFile: string, key: StoreKey | undefined): Promise<void> {
  const { connection, sealer, writes, assertOpen } = parts;
  const draft = draftOf(keyFile);
  try {
    checkKey(key);
    const row = await wrapDataKey(
      key,
      () => createKeyFile(draft),
      (kek, place) => {
        assertOpen(); // deriving takes a while
        return sealer.wrap(kek, place);
      },
    );
    await writes.write(() => replaceKeyRow(connection, row));
  } catch (error) {
    if (existsSync(draft)) removeKeyFile(draft);
    throw error;
  }
  emptyLog(parts);
  settleKeyFiles(connection, keyFile);
  emptyLog(parts); // of the note that a key file was to be removed
}

/** The log has the page with the old wrapping, and the database has it until the log is moved over. */
function emptyLog({ connection }: StoreParts): void {
  if (connection.pragma("wal_checkpoint(TRUNCATE)") === 0) return;
  throw new StoreError("IO", "key: want the old one out of the log, but it is in use; it goes at the next opening");
}
