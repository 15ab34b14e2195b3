/**
 * Messages that disappear, in the order in which they do.
 * @module
 */
import { checkLimit, checkNow, type ExpiredMessage } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";

type ExpiredRow = { id: string; conversation_id: string; expires_at_ms: number };

export class Expiry {
  readonly #next: Statement<{ expires_at_ms: number }>;
  readonly #expired: Statement<ExpiredRow>;

  constructor(connection: Connection) {
    this.#next = connection.statement(
      "SELECT expires_at_ms FROM messages WHERE expires_at_ms IS NOT NULL ORDER BY expires_at_ms LIMIT 1",
    );
    this.#expired = connection.statement(
      `SELECT id, (SELECT id FROM conversations WHERE position = conversation) AS conversation_id, expires_at_ms
       FROM messages WHERE expires_at_ms <= ? ORDER BY expires_at_ms, sequence LIMIT ?`,
    );
  }

  next(): number | undefined {
    return this.#next.get()?.expires_at_ms;
  }

  expired(nowMs: number, limit: number): ExpiredMessage[] {
    checkNow(nowMs);
    checkLimit(limit);
    return this.#expired
      .all(nowMs, limit)
      .map(({ id, conversation_id: conversationId, expires_at_ms: expiresAtMs }) => {
        return { id, conversationId, expiresAtMs };
      });
  }
}
