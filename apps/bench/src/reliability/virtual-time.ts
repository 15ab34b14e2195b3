/**
 * Virtual time for code that asks the globals of its thread for it: install it before that code is imported, in a thread
 * that does nothing else. Time, timers and `Math.random` are then those of a simulation.
 * @module
 */
import { SeededRandom, type Simulation } from "@chat/sdk/testing";

/** Before there is a simulation: when one begins. */
const START_MS = Date.UTC(2026, 0, 1);
/** Of the simulation's streams, those of people are the low numbers. */
const RANDOM_STREAM = 1_000_000;

type Callback = (...given: unknown[]) => void;

export class VirtualTime {
  #simulation: Simulation | undefined;
  #random = new SeededRandom(0, RANDOM_STREAM);

  get nowMs(): number {
    return Math.floor(this.#simulation?.nowMs ?? START_MS);
  }

  /** From now on, time is that of this simulation; timers of the one before never run any more. */
  drive(simulation: Simulation, seed: number): void {
    this.#simulation = simulation;
    this.#random = new SeededRandom(seed, RANDOM_STREAM);
  }

  /** For ever, in this thread. */
  install(): void {
    const now = () => this.nowMs;
    class VirtualDate extends Date {
      constructor(...given: unknown[]) {
        super(...((given.length === 0 ? [now()] : given) as [number]));
      }
      static override now(): number {
        return now();
      }
    }
    const clear = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.close();
    };
    Object.assign(globalThis, {
      Date: VirtualDate,
      setTimeout: (run: Callback, delayMs = 0, ...given: unknown[]) => this.#start("once", run, delayMs, given),
      setInterval: (run: Callback, delayMs = 0, ...given: unknown[]) => this.#start("again", run, delayMs, given),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Object.defineProperty(performance, "now", { value: () => (this.#simulation?.nowMs ?? START_MS) - START_MS });
    Math.random = () => this.#random.fraction();
  }

  #start(how: "once" | "again", run: Callback, delayMs: number, given: readonly unknown[]): VirtualTimer {
    const timer = new VirtualTimer();
    const simulation = this.#simulation;
    // As in Node: at least a millisecond.
    const waitMs = Math.max(1, Number(delayMs) || 0);
    const wait = () =>
      simulation?.after(waitMs, () => {
        if (timer.isClosed || simulation !== this.#simulation) return;
        if (how === "again") wait();
        else timer.close();
        run(...given);
      });
    wait();
    return timer;
  }
}

/** What Node's timers can do, as far as libraries ask it of them. */
class VirtualTimer {
  isClosed = false;

  close(): this {
    this.isClosed = true;
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return !this.isClosed;
  }
}
