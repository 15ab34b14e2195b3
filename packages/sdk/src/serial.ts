/**
 * Runs operations one after the other for each key, different keys in parallel (invariant 4).
 * @module
 */
export class Serial {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `operation` when every earlier one for `key` has ended, however it ended. */
  run<Result>(key: string, operation: () => Promise<Result>): Promise<Result> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(operation);
    const tail: Promise<void> = result.then(
      () => this.#forget(key, tail),
      () => this.#forget(key, tail),
    );
    this.#tails.set(key, tail);
    return result;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  #forget(key: string, tail: Promise<unknown>): void {
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}
