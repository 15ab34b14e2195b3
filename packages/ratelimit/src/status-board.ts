/**
 * The status of every message that is known, and who waits for it to change.
 * @module
 */
import { Listeners } from "./listeners.ts";
import type { MessageStatus, Outcome } from "./message.ts";
import type { EndedRecord } from "./queue-store.ts";

export class StatusBoard {
  readonly #listeners = new Listeners<[id: string, status: MessageStatus]>();
  readonly #ofMessage = new Map<string, Listeners<[status: MessageStatus]>>();
  /** Oldest first. */
  readonly #ended = new Map<string, Outcome>();
  readonly #maxEnded: number;

  constructor(ended: readonly EndedRecord[], maxEnded: number) {
    for (const { id, outcome } of ended) this.#ended.set(id, outcome);
    this.#maxEnded = maxEnded;
  }

  outcome(id: string): Outcome | undefined {
    return this.#ended.get(id);
  }

  observe(listener: (id: string, status: MessageStatus) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** @returns a function that ends it */
  observeOne(id: string, listener: (status: MessageStatus) => void): () => void {
    const listeners = this.#ofMessage.get(id) ?? new Listeners<[status: MessageStatus]>();
    this.#ofMessage.set(id, listeners);
    const stop = listeners.add(listener);
    return () => {
      stop();
      if (listeners.size === 0 && this.#ofMessage.get(id) === listeners) this.#ofMessage.delete(id);
    };
  }

  /** Whether anybody is told anything. */
  get isObserved(): boolean {
    return this.#listeners.size > 0 || this.#ofMessage.size > 0;
  }

  isOneObserved(id: string): boolean {
    return this.#listeners.size > 0 || this.#ofMessage.has(id);
  }

  tell(id: string, status: MessageStatus): void {
    if (!this.isObserved) return;
    this.#listeners.tell(id, status);
    this.#ofMessage.get(id)?.tell(status);
  }

  end(id: string, outcome: Outcome): void {
    this.#ended.delete(id);
    this.#ended.set(id, outcome);
  }

  /** Down to what is remembered. @returns whose outcomes are forgotten */
  forgetOldest(): string[] {
    const forgotten: string[] = [];
    if (this.#ended.size <= this.#maxEnded) return forgotten;
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= this.#maxEnded) break;
      this.#ended.delete(oldest);
      forgotten.push(oldest);
    }
    return forgotten;
  }
}
