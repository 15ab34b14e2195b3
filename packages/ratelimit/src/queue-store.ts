/**
 * What the manager needs from storage. `describeQueueStore` in `./testing` is the contract as a suite.
 * @module
 */
import type { Outcome, Priority, Slot } from "./message.ts";

/** A message that has not ended. */
export type QueuedRecord = {
  readonly id: string;
  /** Order of submission, over all priorities. The messages of a batch follow each other. */
  readonly sequence: number;
  readonly priority: Priority;
  /** Of the bytes. */
  readonly length: number;
  readonly batch?: { readonly id: string; readonly size: number };
  /** Taken before the first transmission in an epoch. */
  readonly slot?: Slot;
  readonly attempts: number;
  /** Unix time in milliseconds. */
  readonly submittedAtMs: number;
  readonly notBeforeMs?: number;
};

/** A message that has ended; kept so that its status can be asked for. */
export type EndedRecord = { readonly id: string; readonly endedAtMs: number; readonly outcome: Outcome };

/** How much of which epochs is used. */
export type LedgerRecord = {
  /** Epochs below have no quota. */
  readonly floor: number;
  readonly epochs: readonly EpochUsage[];
};

export type EpochUsage = {
  readonly epoch: number;
  /** Indexes from 0 to `used` - 1 are taken. */
  readonly used: number;
  readonly usedBy: Readonly<Record<Priority, number>>;
};

export type QueueChange =
  /** Inserts, with bytes, or replaces the rest of the record. */
  | { readonly kind: "put"; readonly record: QueuedRecord; readonly bytes?: Uint8Array }
  /** The message and its bytes go, its outcome is kept. */
  | { readonly kind: "end"; readonly record: EndedRecord }
  /** Forgets outcomes. */
  | { readonly kind: "forget"; readonly ids: readonly string[] }
  | { readonly kind: "ledger"; readonly ledger: LedgerRecord };

export type QueueContents = {
  readonly ledger?: LedgerRecord;
  /** By sequence. */
  readonly queued: readonly QueuedRecord[];
  /** In the order in which they ended. */
  readonly ended: readonly EndedRecord[];
  /**
   * When the store was last put back to an older state, such as a backup. Nobody knows which indexes were taken since: of
   * epochs that began before, none is used any more, and slots of messages that wait are taken anew.
   */
  readonly restoredAtMs?: number;
};

/**
 * Belongs to one manager at a time: whoever opens it a second time gets `STORE_LOCKED`, from the function that opens it.
 * Commits are applied in call order, also those that were not awaited; they may share one disk commit.
 */
export interface QueueStore {
  load(): Promise<QueueContents>;
  /** All of `changes` or nothing. Once it resolves, they survive a crash. Bytes are copied before the call returns. */
  commit(changes: readonly QueueChange[]): Promise<void>;
  /** The bytes of a queued message; the caller's. Undefined if there is no such message. */
  bytesOf(id: string): Promise<Uint8Array | undefined>;
  /** Idempotent. Gives the store free for another manager. */
  close(): Promise<void>;
}
