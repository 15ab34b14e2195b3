/**
 * What is written to the store, and what it still owes.
 * @module
 */
import type { QueueChange, QueueStore } from "./queue-store.ts";

export class Journal {
  readonly #store: QueueStore;
  #owed: QueueChange[] = [];

  constructor(store: QueueStore) {
    this.#store = store;
  }

  /** Changes that are facts, whether the store takes them now or later: they go with the next commit. */
  owe(changes: readonly QueueChange[]): void {
    this.#owed.push(...changes);
  }

  /** Writes what is owed and `changes`, together. @throws what the store throws; then `changes` are not written */
  async commit(changes: readonly QueueChange[] = []): Promise<void> {
    const owed = this.#owed;
    if (owed.length + changes.length === 0) return;
    this.#owed = [];
    try {
      await this.#store.commit([...owed, ...changes]);
    } catch (error) {
      this.#owed = [...owed, ...this.#owed];
      throw error;
    }
  }
}
