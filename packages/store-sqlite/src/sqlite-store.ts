/**
 * The store on one connection: chat, queue and partial sets share it, the data key and the group commit. Secrets may have
 * a second one.
 * @module
 */
import type { QueueStore } from "@chat/ratelimit";
import type { PartialSetStore } from "@chat/segmentation";
import {
  applyChange,
  type MessageStore,
  type SearchSettings,
  type SecretStore,
  type Store,
  StoreError,
  type StoreTransaction,
} from "@chat/store";
import { type BackupOptions, backup } from "./backup.ts";
import type { Connection } from "./connection.ts";
import { Erased } from "./erased.ts";
import type { StoreOrigin } from "./generation.ts";
import { GroupCommit } from "./group-commit.ts";
import { checkIntegrity, type IntegrityOptions, type IntegrityReport } from "./integrity.ts";
import type { StoreKey } from "./key.ts";
import { changeKey } from "./key-change.ts";
import { keyFileOf } from "./key-file.ts";
import { MessageSearch } from "./message-search.ts";
import { SqliteMessageWriter } from "./message-writer.ts";
import { SqliteMessages } from "./messages.ts";
import { SqlitePartialSets } from "./partial-sets.ts";
import { SqliteQueue } from "./queue.ts";
import { RestoredGuard, RestoredSessions } from "./restored-sessions.ts";
import type { Sealer } from "./sealer.ts";
import { SqliteSecrets, SqliteSecretWriter } from "./secrets.ts";
import type { StoreParts } from "./store-parts.ts";
import type { Transactions } from "./transactions.ts";
import { TwoFiles } from "./two-files.ts";

/** A database of a chat, and what other applications of Waku keep in one. Calls given together share one wait for the disk. */
export interface SqliteStore extends Store {
  /**
   * For one `RateLimitManager` of @chat/ratelimit at a time. Closing the queue, as a manager does, leaves the store open;
   * what is read here afterwards is the queue for the next one.
   */
  readonly queue: QueueStore;
  /** For `DurableReassembler` of @chat/segmentation. */
  readonly partialSets: PartialSetStore;
  /** Whether the file is an older state than the one that was last used: see {@link StoreOrigin}. */
  readonly origin: StoreOrigin;
  /**
   * Changes the key. The database is not rewritten; what the old key opened it opens no more.
   *
   * @param key - without one, a new key is kept in `<path>.key`
   * @throws {@link StoreError} (as a rejection) `INVALID_OPTION`, `KEY_UNAVAILABLE`, `IO`, `CLOSED`
   */
  changeKey(key?: StoreKey): Promise<void>;
  /**
   * Copies the store into one file, while it is being used; `restoreStore` makes a store of it. Resolves when the copy is
   * complete and on the disk; otherwise nothing has that name. Only for a store in one file.
   *
   * @throws {@link StoreError} (as a rejection) `INVALID_OPTION`, `KEY_UNAVAILABLE`, `IO`, `CLOSED`; the signal's reason
   */
  backup(path: string, options?: BackupOptions): Promise<void>;
  /**
   * Looks at everything: pages, indexes, references, and whether each sealed value opens. SQLite's part of it keeps the
   * thread busy, for the length of a file's reading; then others have their turn.
   *
   * @throws {@link StoreError} (as a rejection) `IO`, `CLOSED`; the signal's reason. Damage is reported, not thrown
   */
  integrityCheck(options?: IntegrityOptions): Promise<IntegrityReport>;
}

export type StoreExtras = {
  /** The file of the secrets, if they have one of their own. */
  readonly secrets?: Connection | undefined;
  readonly search?: SearchSettings | undefined;
};

export class OpenedStore implements SqliteStore {
  readonly messages: MessageStore;
  readonly secrets: SecretStore;
  readonly partialSets: PartialSetStore;
  readonly #parts: StoreParts;
  readonly #files: Transactions;
  readonly #sealer: Sealer;
  #queue: SqliteQueue;
  readonly #search: MessageSearch;
  readonly #erased = new Erased();
  #mustCheckpoint = false;
  readonly #writer: StoreTransaction;
  readonly #writes: GroupCommit;
  readonly #path: string;
  readonly #hasSecretsFile: boolean;
  readonly #checked: Parameters<typeof checkIntegrity>[0];
  /** Found out when everything else is open. */
  origin: StoreOrigin = "current";
  /** Changes of the key and backups, one at a time. */
  #copying: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Takes over the connections and the sealer, and releases them in {@link close}. */
  constructor(connection: Connection, sealer: Sealer, { secrets, search }: StoreExtras = {}) {
    this.#path = connection.path;
    this.#hasSecretsFile = secrets !== undefined;
    this.#checked = { messages: connection, secrets, sealer };
    const twoFiles = secrets && new TwoFiles(connection, secrets, sealer);
    this.#files = twoFiles ?? connection;
    this.#sealer = sealer;
    this.#writes = new GroupCommit(this.#files);
    const isOpen = () => this.#closing === undefined;
    const assertOpen = () => this.#assertOpen();
    this.#parts = { connection, sealer, writes: this.#writes, isOpen, assertOpen };
    this.partialSets = new SqlitePartialSets(this.#parts);
    this.#queue = new SqliteQueue(this.#parts);
    this.#search = new MessageSearch({ connection, sealer, assertOpen, settings: search });
    this.messages = new SqliteMessages(connection, sealer, this.#search, assertOpen);
    const restored = new RestoredSessions(connection);
    this.secrets = new SqliteSecrets(secrets ?? connection, sealer, restored, () => {
      assertOpen();
      twoFiles?.catchUp();
    });
    this.#writer = {
      messages: new SqliteMessageWriter(connection, sealer, this.#erased),
      secrets: new RestoredGuard(twoFiles?.secretWriter ?? new SqliteSecretWriter(connection, sealer), restored),
    };
  }

  get queue(): QueueStore {
    if (this.#queue.isClosed) this.#queue = new SqliteQueue(this.#parts);
    return this.#queue;
  }

  async write(change: (tx: StoreTransaction) => void): Promise<void> {
    this.#assertOpen();
    await this.#writes.write(() => applyChange(this.#writer, change));
    this.#eraseTraces();
  }

  async changeKey(key?: StoreKey): Promise<void> {
    return this.#inTurn(() => changeKey(this.#parts, keyFileOf(this.#path), key));
  }

  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    if (this.#hasSecretsFile) {
      throw new StoreError("INVALID_OPTION", "backup: want a store in one file, got one with `secretsPath`");
    }
    return this.#inTurn(() => backup(this.#parts, path, options));
  }

  async integrityCheck(options: IntegrityOptions = {}): Promise<IntegrityReport> {
    this.#assertOpen();
    this.#writes.commit();
    return checkIntegrity(this.#checked, options, () => this.#assertOpen());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * What was deleted leaves the index of the search, and the write-ahead log, where pages of before would stay until they
   * are overwritten. The deletion itself is durable whatever happens here, so a failure waits for the next write or closing.
   */
  #eraseTraces(): void {
    if (this.#closing !== undefined || (this.#erased.isEmpty && !this.#mustCheckpoint)) return;
    this.#mustCheckpoint = true;
    try {
      this.#search.forget(this.#erased.take());
      this.#files.truncateLog();
      this.#mustCheckpoint = false;
    } catch {}
  }

  async #close(): Promise<void> {
    await undefined; // a change that calls close() is let finish, and its group commit, before that happens
    if (this.#copying !== undefined) await this.#copying;
    try {
      this.#writes.commit();
      this.#search.close();
      this.#files.close();
    } finally {
      this.#sealer.wipe();
    }
  }

  #inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    const before = this.#copying ?? Promise.resolve();
    const result = before.then(() => {
      this.#assertOpen();
      return operation();
    });
    const copying = result
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#copying === copying) this.#copying = undefined;
      });
    this.#copying = copying;
    return result;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("CLOSED", "store: want it open, got a call after close()");
  }
}
