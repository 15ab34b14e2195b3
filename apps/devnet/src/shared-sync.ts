/**
 * One sync of the disk for all who wait for one: whoever asks while it runs shares the next.
 * @module
 */

type Waiting = { resolve(): void; reject(error: unknown): void };

export class SharedSync {
  readonly #sync: () => Promise<void>;
  #waiting: Waiting[] = [];
  #running = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param sync - puts on the disk what was written before it was called */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /**
   * Resolves when everything that has been written by now is on the disk. After one failure it always rejects: what the
   * disk did not take is lost, and what follows in the same log with it.
   */
  synced(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure === undefined) await this.#sync();
      } catch (error) {
        this.#failure = { error };
      }
      for (const { resolve, reject } of waiting) {
        if (this.#failure === undefined) resolve();
        else reject(this.#failure.error);
      }
    }
    this.#running = false;
  }
}
