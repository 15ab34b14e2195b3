/**
 * The sets that were completed lately, so that their late segments are not taken for the beginning of new ones.
 * One sender cannot have those of others forgotten before it fills half of the memory by itself.
 * @module
 */

type Completed = { readonly sender: string; completedAtMs: number };

export class CompletedSets {
  readonly #limit: number;
  /** Oldest first. */
  readonly #sets = new Map<string, Completed>();
  readonly #ofSender = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(key: string): boolean {
    return this.#sets.has(key);
  }

  add(key: string, sender: string, completedAtMs: number): void {
    this.#delete(key);
    this.#sets.set(key, { sender, completedAtMs });
    const own = (this.#ofSender.get(sender) ?? 0) + 1;
    this.#ofSender.set(sender, own);
    if (this.#sets.size <= this.#limit) return;
    const isGreedy = own > this.#limit / 2;
    for (const [oldest, set] of this.#sets) {
      if (isGreedy && set.sender !== sender) continue;
      this.#delete(oldest);
      return;
    }
  }

  /** Forgets what was completed at `deadlineMs` or earlier. */
  forget(deadlineMs: number): void {
    for (const [key, { completedAtMs }] of this.#sets) {
      if (completedAtMs > deadlineMs) return;
      this.#delete(key);
    }
  }

  /** Nothing was completed later than now. */
  setBackClock(nowMs: number): void {
    for (const set of this.#sets.values()) set.completedAtMs = Math.min(set.completedAtMs, nowMs);
  }

  #delete(key: string): void {
    const set = this.#sets.get(key);
    if (set === undefined) return;
    this.#sets.delete(key);
    const own = (this.#ofSender.get(set.sender) ?? 0) - 1;
    if (own > 0) this.#ofSender.set(set.sender, own);
    else this.#ofSender.delete(set.sender);
  }
}
