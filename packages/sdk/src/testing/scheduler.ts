/**
 * Virtual time. It passes only between two things that happen, and everything that one of them sets off has settled
 * before the next: the order is the same in every run.
 * @module
 */

/** `run` is gone when it was cancelled. */
type Task = { readonly atMs: number; readonly order: number; run: (() => void) | undefined };

export class Scheduler {
  /** A heap: the next task is the first. */
  readonly #tasks: Task[] = [];
  #nowMs: number;
  #order = 0;
  #underWay = 0;
  #isRunning = false;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs once after `delayMs`; returns the function that cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const task: Task = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, run };
    this.#order += 1;
    push(this.#tasks, task);
    return () => {
      task.run = undefined;
    };
  }

  /** Virtual time stands still until this has ended: for what takes real time, such as a disk. */
  async track<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Lets time pass. */
  pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    return this.#run(() => false, endMs);
  }

  /** Lets time pass until `work` has ended. @throws Error if it has not within `limitMs` */
  async until<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
    let isOver = false;
    const ended = work.finally(() => {
      isOver = true;
    });
    ended.catch(() => {}); // told below
    await this.#run(() => isOver, this.#nowMs + limitMs);
    if (!isOver) throw new Error(`not within ${limitMs} ms of virtual time`);
    return ended;
  }

  async #run(isOver: () => boolean, endMs: number): Promise<void> {
    if (this.#isRunning) throw new Error("time passes already: want one call at a time");
    this.#isRunning = true;
    try {
      await this.#settle();
      while (!isOver()) {
        const task = this.#tasks[0];
        if (task === undefined || task.atMs > endMs) break;
        pop(this.#tasks);
        if (task.run === undefined) continue;
        this.#nowMs = Math.max(this.#nowMs, task.atMs);
        task.run();
        await this.#settle();
      }
      if (!isOver()) this.#nowMs = Math.max(this.#nowMs, endMs);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Until nothing moves any more: promises are done before the next turn of the event loop. */
  async #settle(): Promise<void> {
    do await turn();
    while (this.#underWay > 0);
  }
}

/** Node's; browsers have none. */
const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
const channel = setImmediate === undefined ? new MessageChannel() : undefined;

/** One turn of the event loop; in browsers a timer would wait for milliseconds. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (channel === undefined) return void setImmediate?.(resolve);
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Task[], task: Task): void {
  let at = heap.length;
  heap.push(task);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, task)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = task;
}

function pop(heap: Task[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const [first, second] = [heap[left], heap[left + 1]];
    if (first === undefined) break;
    const isSecond = second !== undefined && isBefore(second, first);
    const child = isSecond ? second : first;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = isSecond ? left + 1 : left;
  }
  heap[at] = last;
}
