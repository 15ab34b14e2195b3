/**
 * The secrets database, every value in it sealed.
 * @module
 */
import {
  type InviteRecord,
  type PeerRecord,
  type SecretStore,
  type SecretWriter,
  type SessionRecord,
  StoreError,
} from "@chat/store";
import type { Connection, Statement } from "./connection.ts";
import type { RestoredSessions } from "./restored-sessions.ts";
import type { Sealer } from "./sealer.ts";

const IDENTITY = "SELECT bytes FROM identity";

export class SqliteSecrets implements SecretStore {
  readonly #sealer: Sealer;
  readonly #restored: RestoredSessions;
  readonly #assertOpen: () => void;
  readonly #identity: Statement<{ bytes: Uint8Array }>;
  readonly #sessions: Statement<{ id: string; conversation_id: string; snapshot: Uint8Array }>;
  readonly #invites: Statement<{ id: string; snapshot: Uint8Array }>;
  readonly #handshake: Statement<{ handshake_id: string }>;
  readonly #peers: Statement<{ id: string; snapshot: Uint8Array }>;

  /** @param assertOpen - throws once the store is closed, or if the secrets can not be brought up to date */
  constructor(connection: Connection, sealer: Sealer, restored: RestoredSessions, assertOpen: () => void) {
    this.#sealer = sealer;
    this.#restored = restored;
    this.#assertOpen = assertOpen;
    this.#identity = connection.statement(IDENTITY);
    this.#sessions = connection.statement("SELECT id, conversation_id, snapshot FROM sessions ORDER BY position");
    this.#invites = connection.statement("SELECT id, snapshot FROM invites ORDER BY position");
    this.#handshake = connection.statement(
      "SELECT handshake_id FROM handshakes WHERE invite_id = ? AND handshake_id = ?",
    );
    this.#peers = connection.statement("SELECT id, snapshot FROM peers ORDER BY position");
  }

  async identity(): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const row = this.#identity.get();
    return row && this.#sealer.unseal(row.bytes, "identity", "bytes", 1);
  }

  async sessions(): Promise<SessionRecord[]> {
    this.#assertOpen();
    return this.#sessions.all().map(({ id, conversation_id: conversationId, snapshot }) => {
      const mark = this.#restored.has(id) && { isRestored: true as const };
      return { id, conversationId, snapshot: this.#sealer.unseal(snapshot, "sessions", "snapshot", id), ...mark };
    });
  }

  async invites(): Promise<InviteRecord[]> {
    this.#assertOpen();
    return this.#invites.all().map(({ id, snapshot }) => {
      return { id, snapshot: this.#sealer.unseal(snapshot, "invites", "snapshot", id) };
    });
  }

  async hasHandshake(inviteId: string, handshakeId: string): Promise<boolean> {
    this.#assertOpen();
    return this.#handshake.get(inviteId, handshakeId) !== undefined;
  }

  async peers(): Promise<PeerRecord[]> {
    this.#assertOpen();
    return this.#peers.all().map(({ id, snapshot }) => {
      return { id, snapshot: this.#sealer.unseal(snapshot, "peers", "snapshot", id) };
    });
  }
}

/** Gets valid records only: see `applyChange` in @chat/store. */
export class SqliteSecretWriter implements SecretWriter {
  readonly #sealer: Sealer;
  readonly #identity: Statement<{ bytes: Uint8Array }>;
  readonly #putIdentity: Statement<never>;
  readonly #putSession: Statement<never>;
  readonly #deleteSession: Statement<never>;
  readonly #putInvite: Statement<never>;
  readonly #deleteInvite: Statement<never>;
  readonly #addHandshake: Statement<never>;
  readonly #putPeer: Statement<never>;
  readonly #deletePeer: Statement<never>;
  readonly #deleteIdentity: Statement<never>;
  readonly #deleteOthers: readonly Statement<never>[];

  constructor(connection: Connection, sealer: Sealer) {
    this.#sealer = sealer;
    this.#identity = connection.statement(IDENTITY);
    this.#putIdentity = connection.statement("INSERT INTO identity (id, bytes) VALUES (1, ?)");
    this.#putSession = connection.statement(
      `INSERT INTO sessions (id, conversation_id, snapshot) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET conversation_id = excluded.conversation_id, snapshot = excluded.snapshot`,
    );
    this.#deleteSession = connection.statement("DELETE FROM sessions WHERE id = ?");
    this.#putInvite = connection.statement(
      "INSERT INTO invites (id, snapshot) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot",
    );
    this.#deleteInvite = connection.statement("DELETE FROM invites WHERE id = ?");
    this.#addHandshake = connection.statement(
      "INSERT INTO handshakes (invite_id, handshake_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    this.#putPeer = connection.statement(
      "INSERT INTO peers (id, snapshot) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot",
    );
    this.#deletePeer = connection.statement("DELETE FROM peers WHERE id = ?");
    this.#deleteIdentity = connection.statement("DELETE FROM identity");
    this.#deleteOthers = ["sessions", "handshakes", "invites", "peers"].map((table) =>
      connection.statement(`DELETE FROM ${table}`),
    );
  }

  putIdentity(bytes: Uint8Array): void {
    const row = this.#identity.get();
    if (row === undefined) {
      this.#putIdentity.run(this.#sealer.seal(bytes, "identity", "bytes", 1));
    } else if (Buffer.compare(this.#sealer.unseal(row.bytes, "identity", "bytes", 1), bytes) !== 0) {
      throw new StoreError("IDENTITY_EXISTS", "identity: want none or the same one in the store, got another");
    }
  }

  putSession({ id, conversationId, snapshot }: SessionRecord): void {
    this.#putSession.run(id, conversationId, this.#sealer.seal(snapshot, "sessions", "snapshot", id));
  }

  deleteSession(id: string): void {
    this.#deleteSession.run(id);
  }

  putInvite({ id, snapshot }: InviteRecord): void {
    this.#putInvite.run(id, this.#sealer.seal(snapshot, "invites", "snapshot", id));
  }

  deleteInvite(id: string): void {
    this.#deleteInvite.run(id);
  }

  putPeer({ id, snapshot }: PeerRecord): void {
    this.#putPeer.run(id, this.#sealer.seal(snapshot, "peers", "snapshot", id));
  }

  deletePeer(id: string): void {
    this.#deletePeer.run(id);
  }

  addHandshake(inviteId: string, handshakeId: string): void {
    this.#addHandshake.run(inviteId, handshakeId);
  }

  deleteAll({ identity }: { readonly identity: "keep" | "delete" }): void {
    for (const statement of this.#deleteOthers) statement.run();
    if (identity === "delete") this.#deleteIdentity.run();
  }
}
