/**
 * Time for the model: timers follow how much of it has passed, and the wall clock may be set to anything meanwhile.
 * @module
 */
import type { Clock } from "../../src/index.ts";

type Timer = { readonly atMs: number; readonly callback: () => void };

export class ModelClock implements Clock {
  #passedMs = 0;
  #wallMs: number;
  readonly #timers = new Set<Timer>();

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#passedMs + delayMs, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** No timer notices. */
  jump(ms: number): void {
    this.#wallMs = Math.max(0, this.#wallMs + ms);
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#passedMs + ms;
    await settled();
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#timers.delete(next);
      this.#pass(Math.max(0, next.atMs - this.#passedMs));
      next.callback();
      await settled();
    }
    this.#pass(endMs - this.#passedMs);
  }

  #nextUntil(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  }

  #pass(ms: number): void {
    this.#passedMs += ms;
    this.#wallMs += ms;
  }
}

/** Resolves when promises that wait for nothing but each other are through. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
