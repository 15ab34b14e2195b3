/**
 * Counts and sizes. Messages are counted in an index of their status, which is some megabytes for a million.
 * @module
 */
import { statSync } from "node:fs";
import type { MessageStatus, StoreStatistics } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";

type Count = { count: number };
type Time = { stored_at_ms: number };

export class Statistics {
  readonly #files: Statement<{ file: string }>;
  readonly #conversations: Statement<Count>;
  readonly #withStatus: Statement<Count>;
  readonly #outbox: Statement<Count>;
  readonly #oldest: Statement<Time>;
  readonly #newest: Statement<Time>;

  constructor(connection: Connection) {
    this.#files = connection.statement("SELECT file FROM pragma_database_list WHERE name = 'main'");
    this.#conversations = connection.statement("SELECT count(*) AS count FROM conversations");
    this.#withStatus = connection.statement("SELECT count(*) AS count FROM messages WHERE status = ?");
    this.#outbox = connection.statement("SELECT count(*) AS count FROM outbox");
    this.#oldest = connection.statement("SELECT stored_at_ms FROM messages ORDER BY sequence LIMIT 1");
    this.#newest = connection.statement("SELECT stored_at_ms FROM messages ORDER BY sequence DESC LIMIT 1");
  }

  read(): StoreStatistics {
    const count = (status: MessageStatus) => this.#withStatus.get(status)?.count ?? 0;
    const messagesByStatus = {
      queued: count("queued"),
      sent: count("sent"),
      delivered: count("delivered"),
      read: count("read"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      dropped: count("dropped"),
      received: count("received"),
    };
    const [oldest, newest] = [this.#oldest.get(), this.#newest.get()];
    return {
      conversations: this.#conversations.get()?.count ?? 0,
      messages: Object.values(messagesByStatus).reduce((sum, part) => sum + part, 0),
      messagesByStatus,
      outbox: this.#outbox.get()?.count ?? 0,
      ...(oldest && { oldestStoredAtMs: oldest.stored_at_ms }),
      ...(newest && { newestStoredAtMs: newest.stored_at_ms }),
      sizeBytes: this.#sizeBytes(),
    };
  }

  #sizeBytes(): number {
    const path = this.#files.get()?.file ?? "";
    return [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  }
}
