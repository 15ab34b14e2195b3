/**
 * The port that the SDK needs from storage: two sets of reads and one call that writes.
 * Secrets and messages share the transaction, so that a received message and the ratchet step that
 * decrypted it become durable together or not at all.
 * @module
 */
import type { MessageStore, MessageWriter } from "./messages.ts";
import type { SecretStore, SecretWriter } from "./secrets.ts";

/**
 * Rules that hold for every method:
 * - Reads see committed state only, never a write that is under way.
 * - Bytes given are copied before the call that takes them returns; bytes handed out are the caller's.
 * - An id, topic or account is 1 to 1024 UTF-16 units of well-formed Unicode; times, sequences and Lamport
 *   timestamps are safe integers ≥ 0. Writing anything else throws `INVALID_RECORD`.
 */
export interface Store extends AsyncDisposable {
  readonly messages: MessageStore;
  readonly secrets: SecretStore;
  /**
   * Runs `change` as one atomic and durable transaction; once the promise resolves, the change survives a crash.
   * Concurrent calls are applied in call order and may share one disk commit; each stays atomic on its own.
   *
   * @param change - runs exactly once, a little later, and must be synchronous; `tx` is dead when it returns.
   *   If it throws, nothing of it is written and the promise rejects with that very error. An error thrown by a
   *   method of `tx` fails the transaction even if `change` catches it.
   * @throws {@link StoreError} (as a rejection) `CLOSED`, `IO`, `INVALID_OPTION` if `change` returned a promise
   */
  write(change: (tx: StoreTransaction) => void): Promise<void>;
  /** Waits for the writes under way, then releases everything. Idempotent; later calls reject with `CLOSED`. */
  close(): Promise<void>;
}

/** Valid inside one `change`; used later it throws `TRANSACTION_ENDED`. */
export interface StoreTransaction {
  readonly messages: MessageWriter;
  readonly secrets: SecretWriter;
}
