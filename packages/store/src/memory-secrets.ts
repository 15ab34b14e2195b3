/**
 * The secrets database in memory.
 * @module
 */
import { copyBytes, equalBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { type Journal, Table } from "./memory-table.ts";
import type { InviteRecord, PeerRecord, SecretStore, SecretWriter, SessionRecord } from "./secrets.ts";

export class SecretTables {
  /** One row at most, under the empty key. */
  readonly identity: Table<Uint8Array>;
  readonly sessions: Table<SessionRecord>;
  readonly invites: Table<InviteRecord>;
  readonly peers: Table<PeerRecord>;
  readonly handshakes: Table<{ readonly inviteId: string; readonly handshakeId: string }>;

  constructor(journal: Journal) {
    this.identity = new Table(journal);
    this.sessions = new Table(journal);
    this.invites = new Table(journal);
    this.peers = new Table(journal);
    this.handshakes = new Table(journal);
  }
}

export class MemorySecrets implements SecretStore {
  readonly #openTables: () => SecretTables;

  /** @param openTables - throws once the store is closed */
  constructor(openTables: () => SecretTables) {
    this.#openTables = openTables;
  }

  async identity(): Promise<Uint8Array | undefined> {
    const identity = this.#openTables().identity.get();
    return identity && copyBytes(identity);
  }

  async sessions(): Promise<SessionRecord[]> {
    return Array.from(this.#openTables().sessions.values(), copySession);
  }

  async invites(): Promise<InviteRecord[]> {
    return Array.from(this.#openTables().invites.values(), copyRecord);
  }

  async peers(): Promise<PeerRecord[]> {
    return Array.from(this.#openTables().peers.values(), copyRecord);
  }

  async hasHandshake(inviteId: string, handshakeId: string): Promise<boolean> {
    return this.#openTables().handshakes.get(inviteId, handshakeId) !== undefined;
  }
}

/** Gets valid records only: see `applyChange`. */
export class MemorySecretWriter implements SecretWriter {
  readonly #tables: SecretTables;

  constructor(tables: SecretTables) {
    this.#tables = tables;
  }

  putIdentity(bytes: Uint8Array): void {
    const current = this.#tables.identity.get();
    if (current === undefined) this.#tables.identity.set(copyBytes(bytes));
    else if (!equalBytes(current, bytes)) {
      throw new StoreError("IDENTITY_EXISTS", "identity: want none or the same one in the store, got another");
    }
  }

  putSession(record: SessionRecord): void {
    this.#tables.sessions.set(copySession(record), record.id);
  }

  deleteSession(id: string): void {
    this.#tables.sessions.delete(id);
  }

  putInvite(record: InviteRecord): void {
    this.#tables.invites.set(copyRecord(record), record.id);
  }

  putPeer(record: PeerRecord): void {
    this.#tables.peers.set(copyRecord(record), record.id);
  }

  deletePeer(id: string): void {
    this.#tables.peers.delete(id);
  }

  deleteInvite(id: string): void {
    this.#tables.invites.delete(id);
    for (const { inviteId, handshakeId } of [...this.#tables.handshakes.values()]) {
      if (inviteId === id) this.#tables.handshakes.delete(inviteId, handshakeId);
    }
  }

  addHandshake(inviteId: string, handshakeId: string): void {
    if (this.#tables.invites.get(inviteId) === undefined) {
      throw new StoreError("INVALID_RECORD", "handshake.inviteId: want an invite put before, got an unknown one");
    }
    this.#tables.handshakes.set({ inviteId, handshakeId }, inviteId, handshakeId);
  }

  deleteAll({ identity }: { readonly identity: "keep" | "delete" }): void {
    const { sessions, invites, handshakes, peers } = this.#tables;
    for (const table of [sessions, invites, handshakes, peers]) table.clear();
    if (identity === "delete") this.#tables.identity.clear();
  }
}

function copySession({ id, conversationId, snapshot }: SessionRecord): SessionRecord {
  return { id, conversationId, snapshot: copyBytes(snapshot) };
}

function copyRecord({ id, snapshot }: InviteRecord | PeerRecord): {
  readonly id: string;
  readonly snapshot: Uint8Array;
} {
  return { id, snapshot: copyBytes(snapshot) };
}
