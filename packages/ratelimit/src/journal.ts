/**
 * What is written to the store: one commit at a time, of all that was asked for during the one before.
 * @module
 */
import type { QueueChange, QueueStore } from "./queue-store.ts";

type Group = {
  /** Of all that share it, in order of calls. */
  readonly changes: QueueChange[];
  /** Where each call's changes end. */
  readonly ends: number[];
  /** By place in `ends`. */
  readonly failures: Map<number, unknown>;
  done: Promise<void>;
};

export class Journal {
  readonly #store: QueueStore;
  #group: Group | undefined;
  #latest: Promise<void> = Promise.resolve();

  constructor(store: QueueStore) {
    this.#store = store;
  }

  /** Resolves when all that was asked for so far is written or refused. */
  get settled(): Promise<void> {
    return this.#latest;
  }

  /** Resolves once `changes`, all of them, are durable. @throws what the store throws; then none of them is */
  async write(changes: readonly QueueChange[]): Promise<void> {
    this.#group ??= this.#openGroup();
    const { ends, failures, done } = this.#group;
    for (const change of changes) this.#group.changes.push(change);
    const place = ends.push(this.#group.changes.length) - 1;
    await done;
    if (failures.size > 0 && failures.has(place)) throw failures.get(place);
  }

  #openGroup(): Group {
    const group: Group = { changes: [], ends: [], failures: new Map(), done: this.#latest };
    this.#latest = this.#commit(group);
    group.done = this.#latest;
    return group;
  }

  async #commit({ changes, ends, failures, done: before }: Group): Promise<void> {
    await before;
    this.#group = undefined;
    try {
      await this.#store.commit(changes);
    } catch (error) {
      if (ends.length === 1) failures.set(0, error);
      // Who asked for what the store does not take is told so; the others need not suffer for it.
      else await this.#commitEach(changes, ends, failures);
    }
  }

  async #commitEach(changes: readonly QueueChange[], ends: Group["ends"], failures: Group["failures"]): Promise<void> {
    for (const [place, end] of ends.entries()) {
      try {
        await this.#store.commit(changes.slice(ends[place - 1] ?? 0, end));
      } catch (error) {
        failures.set(place, error);
      }
    }
  }
}
