/**
 * The store on one connection, with group commit: the calls of `write` that arrive in one turn of the event loop
 * share a transaction and its one wait for the disk, each in a savepoint of its own. A group begins and commits
 * without a pause, so reads on the same connection never meet half of one.
 * @module
 */
import { setImmediate } from "node:timers"; // imported, so that fake timers of a test do not stop the disk
import {
  applyChange,
  type MessageStore,
  type SecretStore,
  type Store,
  StoreError,
  type StoreTransaction,
} from "@chat/store";
import type { Connection } from "./connection.ts";
import { SqliteMessageWriter } from "./message-writer.ts";
import { SqliteMessages } from "./messages.ts";
import type { Sealer } from "./sealer.ts";
import { SqliteSecrets, SqliteSecretWriter } from "./secrets.ts";

type Write = {
  readonly change: (tx: StoreTransaction) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export class SqliteStore implements Store {
  readonly messages: MessageStore;
  readonly secrets: SecretStore;
  readonly #connection: Connection;
  readonly #sealer: Sealer;
  readonly #writer: StoreTransaction;
  #group: Write[] = [];
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
  }

  async write(change: (tx: StoreTransaction) => void): Promise<void> {
    this.#assertOpen();
    return new Promise((resolve, reject) => {
      if (this.#group.push({ change, resolve, reject }) === 1) setImmediate(() => this.#commitGroup());
    });
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
      this.#commitGroup();
      this.#connection.close();
    } finally {
      this.#sealer.wipe();
    }
  }

  #commitGroup(): void {
    const group = this.#group;
    this.#group = [];
    if (group.length === 0) return; // close() was faster
    const failures = new Map<Write, unknown>();
    try {
      this.#connection.transaction(() => {
        for (const write of group) {
          const failure = this.#apply(write);
          if (failure !== undefined) failures.set(write, failure.error);
        }
      });
    } catch (error) {
      // Nothing of the group is in the database. Those that had failed before keep their own reason.
      for (const write of group) write.reject(failures.get(write) ?? error);
      return;
    }
    for (const write of group) {
      if (failures.has(write)) write.reject(failures.get(write));
      else write.resolve();
    }
  }

  /** @throws only if the transaction of the whole group can not go on */
  #apply({ change }: Write): { readonly error: unknown } | undefined {
    this.#connection.exec("SAVEPOINT one");
    try {
      applyChange(this.#writer, change);
    } catch (error) {
      // On some failures, a full disk for one, SQLite ends the whole transaction by itself.
      if (!this.#connection.inTransaction) throw error;
      this.#connection.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
    this.#connection.exec("RELEASE one");
    return undefined;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("CLOSED", "store: want it open, got a call after close()");
  }
}
