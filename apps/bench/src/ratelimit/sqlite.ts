/**
 * A queue in SQLite, in a folder of its own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QueueStore } from "@chat/ratelimit";
import { openSqliteQueueStore } from "@chat/store-sqlite";

/** A key, not a passphrase: deriving one from that is slow on purpose. */
const KEY = new Uint8Array(32).fill(1);

/** What `open` gives is the same queue each time, and gone after `work`. */
export async function inSqlite<Result>(work: (open: () => Promise<QueueStore>) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-"));
  try {
    return await work(() => openSqliteQueueStore({ path: join(folder, "queue.db"), key: KEY }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
