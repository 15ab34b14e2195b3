/**
 * A queue in SQLite, in a folder of its own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QueueStore } from "@chat/ratelimit";
import { openStore } from "@chat/store-sqlite";

/** A key, not a passphrase: deriving one from that is slow on purpose. */
const KEY = new Uint8Array(32).fill(1);

/** What `open` gives is the same queue each time, and gone after `work`. */
export async function inSqlite<Result>(work: (open: () => Promise<QueueStore>) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-"));
  try {
    return await work(() => openQueue(join(folder, "queue.db")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Closing the queue closes the file, too. */
async function openQueue(path: string): Promise<QueueStore> {
  const store = await openStore({ path, key: KEY });
  const { queue } = store;
  return {
    load: () => queue.load(),
    commit: (changes) => queue.commit(changes),
    bytesOf: (id) => queue.bytesOf(id),
    close: () => store.close(),
  };
}
