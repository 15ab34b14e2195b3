/**
 * Remembers for an hour which network messages were processed, so that the copies which filter, store and catch-up
 * bring cost nothing. Only an optimisation: the ratchet refuses what comes twice.
 * @module
 */
import type { Clock } from "../clock.ts";

const REMEMBER_MS = 60 * 60 * 1000;
const MAX_HASHES = 50_000;

export class SeenHashes {
  readonly #clock: Clock;
  readonly #seenAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False if the hash is there already. */
  add(hash: string): boolean {
    const nowMs = this.#clock.nowMs();
    const seenAtMs = this.#seenAtMs.get(hash);
    if (seenAtMs !== undefined && nowMs - seenAtMs < REMEMBER_MS) return false;
    this.#seenAtMs.delete(hash);
    this.#seenAtMs.set(hash, nowMs);
    for (const [oldest, atMs] of this.#seenAtMs) {
      if (this.#seenAtMs.size <= MAX_HASHES && nowMs - atMs < REMEMBER_MS) break;
      this.#seenAtMs.delete(oldest);
    }
    return true;
  }

  delete(hash: string): void {
    this.#seenAtMs.delete(hash);
  }
}
