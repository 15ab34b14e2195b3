/**
 * Time that passes only when a test says so.
 * @module
 */
import type { Clock } from "../clock.ts";

type Timer = { readonly atMs: number; readonly callback: () => void };

/** More turns than any chain of promises in the manager has. */
const TURNS = 100;

export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass, timer by timer, and what they set going come to rest. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      const [next] = due;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
    await settled();
  }

  /** Sets the time without a timer noticing, as when somebody sets the clock. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }
}

/** Resolves when promises that wait for nothing but each other are through. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await undefined;
}
