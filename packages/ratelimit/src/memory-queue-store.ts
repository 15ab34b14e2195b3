/**
 * A queue that is forgotten with the process: the default, and for tests.
 * @module
 */
import { ByteBlocks } from "./byte-blocks.ts";
import { RateLimitError } from "./errors.ts";
import type { EndedRecord, LedgerRecord, QueueChange, QueueContents, QueuedRecord, QueueStore } from "./queue-store.ts";

/** What stays when a manager closes. */
export class MemoryQueue {
  readonly queued = new Map<string, { record: QueuedRecord; bytes: Uint8Array }>();
  readonly ended = new Map<string, EndedRecord>();
  ledger: LedgerRecord | undefined;
  isOpen = false;
}

class MemoryQueueStore implements QueueStore {
  readonly #queue: MemoryQueue;
  readonly #blocks = new ByteBlocks();
  #isClosed = false;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async load(): Promise<QueueContents> {
    const { queued, ended, ledger } = this.#queue;
    return {
      ...(ledger !== undefined && { ledger }),
      queued: [...queued.values()].map(({ record }) => record).sort((a, b) => a.sequence - b.sequence),
      ended: [...ended.values()],
    };
  }

  async commit(changes: readonly QueueChange[]): Promise<void> {
    if (this.#isClosed) throw new RateLimitError("CLOSED", "queue store: want it open, got a commit after close()");
    for (const change of changes) this.#apply(change);
  }

  async bytesOf(id: string): Promise<Uint8Array | undefined> {
    return this.#queue.queued.get(id)?.bytes.slice();
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#queue.isOpen = false;
    this.#isClosed = true;
  }

  #apply(change: QueueChange): void {
    const { queued, ended } = this.#queue;
    if (change.kind === "put") {
      const { record } = change;
      const bytes = change.bytes === undefined ? queued.get(record.id)?.bytes : this.#blocks.copyOf(change.bytes);
      queued.set(record.id, { record, bytes: bytes ?? new Uint8Array() });
    } else if (change.kind === "end") {
      queued.delete(change.record.id);
      ended.delete(change.record.id);
      ended.set(change.record.id, change.record);
    } else if (change.kind === "forget") {
      for (const id of change.ids) ended.delete(id);
    } else {
      this.#queue.ledger = change.ledger;
    }
  }
}

/**
 * @param queue - to open the same queue again in one process
 * @throws {@link RateLimitError} `STORE_LOCKED`
 */
export async function openMemoryQueue(queue: MemoryQueue = new MemoryQueue()): Promise<QueueStore> {
  if (queue.isOpen) throw new RateLimitError("STORE_LOCKED", "queue store: want to be its only user, but it is open");
  queue.isOpen = true;
  return new MemoryQueueStore(queue);
}
