/**
 * The secrets database: identity, ratchet sessions and invite keys, opaque to the store and sealed at rest.
 * @module
 */

export type SessionRecord = {
  readonly id: string;
  readonly conversationId: string;
  readonly snapshot: Uint8Array;
  /**
   * The database was put back to an older state, in which the session may have used its keys further than it shows: it
   * must neither send nor receive. Rows of the outbox that belong to it are held back. Ignored when it is put.
   */
  readonly isRestored?: true;
};
export type InviteRecord = { readonly id: string; readonly snapshot: Uint8Array };
/** What is known of a person; `id` is that of the conversation with them, which need not be there. */
export type PeerRecord = { readonly id: string; readonly snapshot: Uint8Array };

export interface SecretStore {
  identity(): Promise<Uint8Array | undefined>;
  /** In the order in which they were first put. */
  sessions(): Promise<SessionRecord[]>;
  /** In the order in which they were first put. */
  invites(): Promise<InviteRecord[]>;
  hasHandshake(inviteId: string, handshakeId: string): Promise<boolean>;
  /** In the order in which they were first put. */
  peers(): Promise<PeerRecord[]>;
}

/** Every method throws `INVALID_RECORD` for what breaks the rules of {@link Store}. */
export interface SecretWriter {
  /**
   * Putting the same bytes again changes nothing.
   * @throws {@link StoreError} `IDENTITY_EXISTS` if another identity is there
   */
  putIdentity(bytes: Uint8Array): void;
  /**
   * Inserts or replaces.
   * @throws {@link StoreError} `RESTORED_SESSION` for a session that is there as restored
   */
  putSession(record: SessionRecord): void;
  /**
   * Deletes the secrets only; what the message database keeps for the session stays, but for the rows of the outbox that
   * a restored session held back.
   */
  deleteSession(id: string): void;
  /** Inserts or replaces; handshakes of the invite stay. */
  putInvite(record: InviteRecord): void;
  /** Together with its handshakes. */
  deleteInvite(id: string): void;
  /**
   * Idempotent.
   * @throws {@link StoreError} `INVALID_RECORD` if the invite is not there
   */
  addHandshake(inviteId: string, handshakeId: string): void;
  /** Inserts or replaces. */
  putPeer(record: PeerRecord): void;
  deletePeer(id: string): void;
  /** Sessions, invites, handshakes and peers; the identity as asked. */
  deleteAll(options: { readonly identity: "keep" | "delete" }): void;
}
