/**
 * The store in memory: the same results as one on a disk, for tests, simulations and chats that may be forgotten.
 * Transactions are applied one by one without a pause, so reads never meet half of one; a journal takes back what
 * a failed one did.
 * @module
 */
import { applyChange } from "./apply-change.ts";
import { StoreError } from "./errors.ts";
import { MemoryMessages, MemoryMessageWriter, MessageTables } from "./memory-messages.ts";
import { MemorySecrets, MemorySecretWriter, SecretTables } from "./memory-secrets.ts";
import { Journal } from "./memory-table.ts";
import type { MessageStore } from "./messages.ts";
import type { SearchSettings } from "./queries.ts";
import type { SecretStore } from "./secrets.ts";
import type { Store, StoreTransaction } from "./store.ts";

export type MemoryStoreOptions = { readonly search?: SearchSettings };

/** Opens an empty store whose content ends with the process. */
export function openMemoryStore({ search }: MemoryStoreOptions = {}): Store {
  return new MemoryStore(search);
}

class MemoryStore implements Store {
  readonly messages: MessageStore;
  readonly secrets: SecretStore;
  readonly #writer: StoreTransaction;
  readonly #journal = new Journal();
  #lastWrite: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(search: SearchSettings | undefined) {
    const messages = new MessageTables(this.#journal);
    const secrets = new SecretTables(this.#journal);
    this.messages = new MemoryMessages(() => this.#ifOpen(messages), search);
    this.secrets = new MemorySecrets(() => this.#ifOpen(secrets));
    this.#writer = { messages: new MemoryMessageWriter(messages), secrets: new MemorySecretWriter(secrets) };
  }

  async write(change: (tx: StoreTransaction) => void): Promise<void> {
    this.#ifOpen(undefined);
    const applied = this.#lastWrite.then(() => this.#apply(change));
    this.#lastWrite = applied.catch(() => {});
    return applied;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lastWrite;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #apply(change: (tx: StoreTransaction) => void): void {
    try {
      applyChange(this.#writer, change);
      this.#journal.commit();
    } catch (error) {
      this.#journal.rollback();
      throw error;
    }
  }

  #ifOpen<Value>(value: Value): Value {
    if (this.#isClosed) throw new StoreError("CLOSED", "store: want it open, got a call after close()");
    return value;
  }
}
