/**
 * What has arrived at one side, by key, and when.
 * @module
 */

type Waiting = { readonly resolve: (atMs: number) => void; readonly reject: (error: unknown) => void };

export class Arrivals {
  readonly #arrivedAtMs = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  #failure: { readonly error: unknown } | undefined;

  /** Later copies of a message change nothing. */
  add(key: string): void {
    if (this.#arrivedAtMs.has(key)) return;
    const atMs = performance.now();
    this.#arrivedAtMs.set(key, atMs);
    this.#waiting.get(key)?.resolve(atMs);
    this.#waiting.delete(key);
  }

  /** Nothing will arrive any more: everybody who waits is told why. */
  fail(error: unknown): void {
    this.#failure = { error };
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** Resolves with the time of arrival, by `performance.now()`. One caller for each key. */
  of(key: string): Promise<number> {
    const atMs = this.#arrivedAtMs.get(key);
    if (atMs !== undefined) return Promise.resolve(atMs);
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => this.#waiting.set(key, { resolve, reject }));
  }

  /** Resolves with the time when the last of them arrived. */
  async all(keys: readonly string[]): Promise<number> {
    return Math.max(...(await Promise.all(keys.map((key) => this.of(key)))));
  }
}
