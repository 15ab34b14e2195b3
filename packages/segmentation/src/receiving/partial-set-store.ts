/**
 * What {@link DurableReassembler} needs from storage, and the version of it that forgets with the process.
 * `@chat/store-sqlite` has one that does not; `describePartialSetStore` in `./testing` is the contract as a suite.
 * @module
 */

import { keyOf } from "./set-key.ts";

/** A segment message as it was received. */
export type StoredSegment = {
  readonly setId: string;
  /** As given to `accept`; empty for none. */
  readonly sender: string;
  readonly bytes: Uint8Array;
  readonly receivedAtMs: number;
};

export type CompletedSet = { readonly setId: string; readonly sender: string; readonly completedAtMs: number };

/**
 * Calls are applied in call order, also those that were not awaited; they may share one disk commit. Once a promise
 * resolves, the change survives a crash. Bytes given are copied before the call returns; bytes handed out are the
 * caller's.
 */
export interface PartialSetStore {
  /** In the order in which they were added. */
  segments(): AsyncIterable<StoredSegment>;
  /** In the order in which they were completed. */
  completed(): AsyncIterable<CompletedSet>;
  add(segment: StoredSegment): Promise<void>;
  /** Forgets the segments of one set of one sender. */
  remove(setId: string, sender: string): Promise<void>;
  /** Forgets the segments of a set and remembers that it was completed, in one step. */
  complete(set: CompletedSet): Promise<void>;
  /** Forgets what was completed at `beforeMs` or earlier. */
  forgetCompleted(beforeMs: number): Promise<void>;
}

export class MemoryPartialSetStore implements PartialSetStore {
  #segments: StoredSegment[] = [];
  readonly #completed = new Map<string, CompletedSet>();

  async *segments(): AsyncGenerator<StoredSegment> {
    for (const segment of [...this.#segments]) yield { ...segment, bytes: new Uint8Array(segment.bytes) };
  }

  async *completed(): AsyncGenerator<CompletedSet> {
    yield* [...this.#completed.values()];
  }

  async add(segment: StoredSegment): Promise<void> {
    this.#segments.push({ ...segment, bytes: new Uint8Array(segment.bytes) });
  }

  async remove(setId: string, sender: string): Promise<void> {
    this.#segments = this.#segments.filter((segment) => segment.setId !== setId || segment.sender !== sender);
  }

  async complete(set: CompletedSet): Promise<void> {
    const key = keyOf(set.sender, set.setId);
    this.#completed.delete(key);
    this.#completed.set(key, { ...set });
    await this.remove(set.setId, set.sender);
  }

  async forgetCompleted(beforeMs: number): Promise<void> {
    for (const [key, { completedAtMs }] of this.#completed) {
      if (completedAtMs <= beforeMs) this.#completed.delete(key);
    }
  }
}
