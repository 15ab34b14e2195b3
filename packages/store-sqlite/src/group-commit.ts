/**
 * Group commit: the writes that arrive in one turn of the event loop share a transaction and its one wait for the
 * disk, each in a savepoint of its own, in call order. A group begins and commits without a pause, so reads on the
 * same connection never meet half of one.
 * @module
 */
import { setImmediate } from "node:timers"; // imported, so that fake timers of a test do not stop the disk
import type { Transactions } from "./transactions.ts";

type Write = {
  readonly work: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export class GroupCommit {
  readonly #files: Transactions;
  #group: Write[] = [];
  #isUnderWay = false;

  constructor(files: Transactions) {
    this.#files = files;
  }

  /** Resolves once what `work` did is durable; rejects with what it threw, or with what ended the transaction. */
  write(work: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#group.push({ work, resolve, reject }) === 1) setImmediate(() => this.commit());
    });
  }

  /** Commits what has been given so far, at once. Never throws: each call of {@link write} is told by its promise. */
  commit(): void {
    if (this.#isUnderWay) return; // asked for by a write of the group: what it gave comes next
    const group = this.#group;
    this.#group = [];
    if (group.length === 0) return; // somebody else was faster
    const failures = new Map<Write, unknown>();
    this.#isUnderWay = true;
    try {
      this.#files.transaction(() => {
        for (const write of group) {
          const failure = this.#files.attempt(write.work);
          if (failure !== undefined) failures.set(write, failure.error);
        }
      });
    } catch (error) {
      // Nothing of the group is in the database. Those that had failed before keep their own reason.
      for (const write of group) write.reject(failures.get(write) ?? error);
      return;
    } finally {
      this.#isUnderWay = false;
    }
    for (const write of group) {
      if (failures.has(write)) write.reject(failures.get(write));
      else write.resolve();
    }
  }
}
