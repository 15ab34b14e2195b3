/**
 * How long it takes until a manager has taken over 100,000 queued messages.
 * @module
 */
import { MemoryQueue, openMemoryQueue, type QueueChange, type QueueStore } from "@chat/ratelimit";
import type { BenchCase } from "../case.ts";
import { ours, pQueue } from "./gates.ts";
import { inSqlite } from "./sqlite.ts";

const QUEUED = 100_000;
/** One transaction. */
const BATCH = 1_000;

const NOTE =
  "p-queue cannot be reopened: it is given the same messages again, which the application would have to keep";

export const reopenCases: readonly BenchCase[] = [
  reopenCase("reopen-100k", "opening a manager on a queue in memory with 100,000 messages", async (work) => {
    const queue = new MemoryQueue();
    return work(() => openMemoryQueue(queue));
  }),
  reopenCase("reopen-100k-sqlite", "opening store and manager on SQLite with 100,000 messages", inSqlite),
];

type WithStore = (work: (open: () => Promise<QueueStore>) => Promise<number>) => Promise<number>;

function reopenCase(name: string, title: string, withStore: WithStore): BenchCase {
  return {
    name,
    title,
    unit: "ms",
    better: "lower",
    peer: "p-queue",
    note: NOTE,
    rounds: 3,
    limitMs: 60_000,
    prepare: async () => ({
      ours: () =>
        withStore(async (open) => {
          await fill(await open());
          return elapsed(async () => ours(open)(1, () => {}));
        }),
      theirs: () =>
        elapsed(async () => {
          const gate = await pQueue(1, () => {});
          for (let count = 0; count < QUEUED; count += 1) gate.submit(new Uint8Array(200));
          return gate;
        }),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

/** @returns milliseconds of opening, without closing */
async function elapsed(open: () => Promise<AsyncDisposable>): Promise<number> {
  const startedAtMs = performance.now();
  await using _opened = await open();
  return performance.now() - startedAtMs;
}

async function fill(store: QueueStore): Promise<void> {
  for (let first = 1; first <= QUEUED; first += BATCH) {
    await store.commit(Array.from({ length: BATCH }, (_, index) => put(first + index)));
  }
  await store.close();
}

function put(sequence: number): QueueChange {
  const bytes = new Uint8Array(200).fill(sequence);
  const record = { id: crypto.randomUUID(), sequence, priority: "normal", length: 200, attempts: 0, submittedAtMs: 0 };
  return { kind: "put", record: { ...record, priority: "normal" }, bytes };
}
