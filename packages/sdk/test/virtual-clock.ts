/** Time that passes only when a test says so. @module */
import type { Clock } from "@chat/sdk";

type Timer = { atMs: number; readonly run: () => void };

export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.ceil(Math.max(0, delayMs)), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Timers do not run meanwhile, and go on with what was left of them, as in a laptop that is closed. */
  sleep(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const timer of this.#timers) timer.atMs += durationMs;
  }

  /** Lets `durationMs` pass: timer after timer, each with everything that it sets off. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** Until nothing moves any more; a store in memory needs microtasks only. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
