/**
 * The store on one connection, with group commit.
 * @module
 */
import {
  applyChange,
  type MessageStore,
  type SecretStore,
  type Store,
  StoreError,
  type StoreTransaction,
} from "@chat/store";
import type { Connection } from "./connection.ts";
import { GroupCommit } from "./group-commit.ts";
import { SqliteMessageWriter } from "./message-writer.ts";
import { SqliteMessages } from "./messages.ts";
import type { Sealer } from "./sealer.ts";
import { SqliteSecrets, SqliteSecretWriter } from "./secrets.ts";

export class SqliteStore implements Store {
  readonly messages: MessageStore;
  readonly secrets: SecretStore;
  readonly #connection: Connection;
  readonly #sealer: Sealer;
  readonly #writer: StoreTransaction;
  readonly #writes: GroupCommit;
  #closing: Promise<void> | undefined;

  /** Takes over the connection and the sealer, and releases both in {@link close}. */
  constructor(connection: Connection, sealer: Sealer) {
    this.#connection = connection;
    this.#sealer = sealer;
    const assertOpen = () => this.#assertOpen();
    this.messages = new SqliteMessages(connection, sealer, assertOpen);
    this.secrets = new SqliteSecrets(connection, sealer, assertOpen);
    this.#writer = {
      messages: new SqliteMessageWriter(connection, sealer),
      secrets: new SqliteSecretWriter(connection, sealer),
    };
    this.#writes = new GroupCommit(connection);
  }

  async write(change: (tx: StoreTransaction) => void): Promise<void> {
    this.#assertOpen();
    return this.#writes.write(() => applyChange(this.#writer, change));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await undefined; // a change that calls close() is let finish, and its group commit, before that happens
    try {
      this.#writes.commit();
      this.#connection.close();
    } finally {
      this.#sealer.wipe();
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("CLOSED", "store: want it open, got a call after close()");
  }
}
