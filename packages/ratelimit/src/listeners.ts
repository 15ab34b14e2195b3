/**
 * Who is told when something changes.
 * @module
 */

export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** @returns a function that ends it */
  add(listener: (...args: Args) => void): () => void {
    // Wrapped, so that one function added twice is told twice and each ends by itself.
    const own = (...args: Args) => listener(...args);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** What a listener throws is reported as an uncaught error and stops neither the others nor the manager. */
  tell(...args: Args): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
