/**
 * Sessions of before a restore: their ids, which are with the messages, and what may still be done with them.
 * @module
 */
import { type InviteRecord, type PeerRecord, type SecretWriter, type SessionRecord, StoreError } from "@chat/store";
import type { Connection, Statement } from "./connection.ts";

export class RestoredSessions {
  readonly #has: Statement<{ session_id: string }>;
  readonly #any: Statement<{ session_id: string }>;
  readonly #delete: Statement<never>;
  readonly #deleteOutbox: Statement<never>;
  readonly #deleteAll: Statement<never>;
  readonly #deleteAllOutbox: Statement<never>;
  /** They are marked at opening only. */
  #mayHave: boolean | undefined;

  /** @param connection - that of the messages */
  constructor(connection: Connection) {
    this.#has = connection.statement("SELECT session_id FROM restored_sessions WHERE session_id = ?");
    this.#any = connection.statement("SELECT session_id FROM restored_sessions LIMIT 1");
    this.#delete = connection.statement("DELETE FROM restored_sessions WHERE session_id = ?");
    this.#deleteAll = connection.statement("DELETE FROM restored_sessions");
    this.#deleteAllOutbox = connection.statement(
      "DELETE FROM outbox WHERE session_id IN (SELECT session_id FROM restored_sessions)",
    );
    this.#deleteOutbox = connection.statement("DELETE FROM outbox WHERE session_id = ?");
  }

  has(id: string): boolean {
    this.#mayHave ??= this.#any.get() !== undefined;
    return this.#mayHave && this.#has.get(id) !== undefined;
  }

  /** With what it holds back, which must not come free. */
  delete(id: string): void {
    if (!this.has(id)) return;
    this.#deleteOutbox.run(id);
    this.#delete.run(id);
  }

  deleteAll(): void {
    this.#deleteAllOutbox.run();
    this.#deleteAll.run();
  }
}

/** Lets pass what may be written. Around everything else: what an earlier process wrote is made again without being asked. */
export class RestoredGuard implements SecretWriter {
  readonly #writer: SecretWriter;
  readonly #restored: RestoredSessions;

  constructor(writer: SecretWriter, restored: RestoredSessions) {
    this.#writer = writer;
    this.#restored = restored;
  }

  putSession(record: SessionRecord): void {
    if (this.#restored.has(record.id)) {
      throw new StoreError("RESTORED_SESSION", "session: want one begun after the restore, got one of before");
    }
    this.#writer.putSession(record);
  }

  deleteSession(id: string): void {
    this.#restored.delete(id);
    this.#writer.deleteSession(id);
  }

  deleteAll(options: { readonly identity: "keep" | "delete" }): void {
    this.#restored.deleteAll();
    this.#writer.deleteAll(options);
  }

  putIdentity(bytes: Uint8Array): void {
    this.#writer.putIdentity(bytes);
  }

  putInvite(record: InviteRecord): void {
    this.#writer.putInvite(record);
  }

  deleteInvite(id: string): void {
    this.#writer.deleteInvite(id);
  }

  putPeer(record: PeerRecord): void {
    this.#writer.putPeer(record);
  }

  deletePeer(id: string): void {
    this.#writer.deletePeer(id);
  }

  addHandshake(inviteId: string, handshakeId: string): void {
    this.#writer.addHandshake(inviteId, handshakeId);
  }
}
