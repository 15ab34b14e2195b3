/**
 * Opens the store at the path given, prints "open" or the error's code and the holder, and keeps it until standard input
 * ends.
 * @module
 */
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { StoreError } from "@chat/store";
import { openStore } from "@chat/store-sqlite";

const [path = ""] = process.argv.slice(2);
try {
  await using store = await openStore({ path, key: new Uint8Array(32).fill(7) });
  writeSync(1, `open, ${await store.messages.consumed()} consumed\n`);
  await text(process.stdin);
} catch (error) {
  const isLocked = error instanceof StoreError && error.code === "STORE_LOCKED";
  writeSync(1, isLocked ? `STORE_LOCKED by ${error.holder?.pid}\n` : `${error}\n`);
}
