/**
 * What a group of writes is one transaction of: a file, or two that are kept in step.
 * @module
 */
export type Failure = { readonly error: unknown };

export interface Transactions {
  /** Runs `work` in one transaction: all of it is durable when this returns, or nothing if it throws. */
  transaction(work: () => void): void;
  /**
   * Runs `work` in a savepoint of the transaction under way.
   * @returns what `work` threw, and nothing of it is left
   * @throws if the whole transaction can not go on
   */
  attempt(work: () => void): Failure | undefined;
  /**
   * Moves the write-ahead log over and empties it: nothing that was deleted is left in it.
   * @throws StoreError `IO`
   */
  truncateLog(): void;
  close(): void;
}
