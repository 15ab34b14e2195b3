/**
 * One run of a client's process, which can end between any two of its steps: whatever it asks the world for after that
 * never answers, and nothing in the world calls it any more. What it had stored is there for the next life.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** Never answers. One for each question: who waits for it is then collected with the life that asked. */
function never(): Promise<never> {
  return new Promise(() => {});
}

export class Life {
  readonly #onEnd: () => void;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #isOver = false;

  /** @param onEnd - called when it ends by itself, at the end of {@link endAfter} */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Ends it after so many more steps: questions to the world and answers from it. */
  endAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  /** @returns whether the process is there to take the step */
  step(): boolean {
    if (this.#isOver) return false;
    this.#stepsLeft -= 1;
    if (this.#stepsLeft > 0) return true;
    this.#isOver = true;
    this.#onEnd();
    return false;
  }

  /** Asks the world: one step to ask, one to hear the answer. */
  async ask<Result>(question: () => Promise<Result>): Promise<Result> {
    if (!this.step()) return never();
    try {
      const answer = await question();
      return this.step() ? answer : never();
    } catch (error) {
      if (!this.step()) return never();
      throw error;
    }
  }

  async *read<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
    const iterator = source[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.ask(() => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** The process's clock. @param skewMs - how far it is ahead of the true time */
  clock(scheduler: Scheduler, skewMs: () => number): Clock {
    return {
      nowMs: () => Math.floor(scheduler.nowMs + skewMs()),
      after: (delayMs, run) =>
        scheduler.after(Math.ceil(delayMs), () => {
          if (this.step()) run();
        }),
    };
  }

  /** The same object, each of whose methods asks. Methods that are no functions, or give no promise, stay as they are. */
  wrap<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...given: unknown[]) => {
          if (this.#isOver) return never();
          const result: unknown = Reflect.apply(member, target, given);
          if (isAsyncIterable(result)) return this.read(result);
          return isPromise(result) ? this.ask(() => result) : result;
        };
      },
    });
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Also one of another realm, as test runners have. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
