/**
 * What a caller that was interrupted asks: the steps of outgoing messages, by number, and messages by the key of the caller.
 * @module
 */
import { checkAfter, checkLimit, type OutgoingStatus, type StatusChange, StoreError } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import { checkFound } from "./read-check.ts";
import type { Sealer } from "./sealer.ts";

type ChangeRow = {
  number: number;
  id: string;
  conversation_id: string | null;
  status: StatusChange["status"] | "received";
};

export class SentReader {
  readonly #sealer: Sealer;
  readonly #changes: Statement<ChangeRow>;
  readonly #latest: Statement<{ sequence: number; number: number }>;
  readonly #keyed: Statement<{ id: string; conversation_id: string | null }>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    const conversationId = "(SELECT id FROM conversations WHERE position = conversation) AS conversation_id";
    this.#changes = connection.statement(
      `SELECT number, id, ${conversationId}, status FROM status_changes JOIN messages USING (sequence)
       WHERE number > ? ORDER BY number LIMIT ?`,
    );
    this.#latest = connection.statement(
      `SELECT coalesce((SELECT max(sequence) FROM messages), 0) AS sequence,
       coalesce((SELECT max(number) FROM status_changes), 0) AS number`,
    );
    this.#keyed = connection.statement(
      `SELECT id, ${conversationId} FROM sent_keys JOIN messages USING (sequence) WHERE tag = ?`,
    );
  }

  statusChanges(after: number, limit: number): StatusChange[] {
    checkAfter(after);
    checkLimit(limit);
    let last = after;
    return this.#changes.all(after, limit).map(({ number, id: messageId, conversation_id: conversationId, status }) => {
      if (number <= last || conversationId === null || !isOutgoing(status)) {
        throw new StoreError("CORRUPT", "status_changes: want the steps of outgoing messages in order, got others");
      }
      last = number;
      return { number, messageId, conversationId, status };
    });
  }

  latest(): { sequence: number; statusChange: number } {
    const row = this.#latest.get();
    return { sequence: row?.sequence ?? 0, statusChange: row?.number ?? 0 };
  }

  messageWithKey(conversationId: string, key: string): string | undefined {
    const row = this.#keyed.get(tagOfKey(this.#sealer, conversationId, key));
    if (row === undefined) return undefined;
    checkFound("messages.conversation", row.conversation_id, conversationId);
    return row.id;
  }
}

export class SentWriter {
  readonly #sealer: Sealer;
  readonly #deleteStep: Statement<never>;
  readonly #addStep: Statement<never>;
  readonly #putKey: Statement<never>;

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    const sequence = "SELECT sequence FROM messages WHERE id = ?";
    this.#deleteStep = connection.statement(`DELETE FROM status_changes WHERE sequence = (${sequence})`);
    this.#addStep = connection.statement(`INSERT INTO status_changes (sequence) ${sequence}`);
    this.#putKey = connection.statement(
      `INSERT INTO sent_keys (tag, sequence) SELECT ?, sequence FROM messages WHERE id = ? ON CONFLICT DO NOTHING`,
    );
  }

  /** The message has come one step further. */
  step(messageId: string): void {
    this.#deleteStep.run(messageId);
    this.#addStep.run(messageId);
  }

  putKey(messageId: string, conversationId: string, key: string): void {
    this.#putKey.run(tagOfKey(this.#sealer, conversationId, key), messageId);
  }
}

/** What is in the file in place of a key: whoever chose it may have put words into it. */
function tagOfKey(sealer: Sealer, conversationId: string, key: string): Uint8Array {
  return sealer.tag("sent_keys", "tag", conversationId, key);
}

function isOutgoing(status: ChangeRow["status"]): status is OutgoingStatus {
  return status !== "received";
}
