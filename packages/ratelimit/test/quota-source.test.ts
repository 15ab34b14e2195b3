import { describe, expect, test } from "@jest/globals";
import { MemoryQueue, openMemoryQueue, type QuotaReading, type QuotaSource } from "../src/index.ts";
import { EPOCH_MS, named, open } from "./opened.ts";

/** Epochs of the clock, with a limit that the test changes, or no answer. */
function changeable(limit?: number) {
  const source = {
    limit,
    isDown: false,
    read(nowMs: number): QuotaReading {
      if (source.isDown) throw new Error("no answer");
      const epoch = Math.floor(nowMs / EPOCH_MS);
      return { epoch, endsAtMs: (epoch + 1) * EPOCH_MS, ...(source.limit !== undefined && { limit: source.limit }) };
    },
  };
  return source;
}

function batchOf(prefix: string, count: number) {
  return named(prefix, count).map((id) => ({ id, bytes: new Uint8Array(1) }));
}

test("while the source fails, messages are taken and wait, and pass when it is back", async () => {
  const source = changeable();
  const { manager, network, submit, submitMany, clock } = await open({ source });
  const errors: unknown[] = [];
  manager.onError((error) => errors.push(error));
  await submitMany("c", 8, "critical");
  source.isDown = true;
  await clock.advance(EPOCH_MS);
  await submit("a", "optional"); // the quota was low in an epoch that is over
  await clock.advance(2_000);
  expect(network.given).toHaveLength(8);
  expect(manager.status("a")).toMatchObject({ kind: "queued" });
  expect(errors.length).toBeGreaterThan(0);
  source.isDown = false;
  await clock.advance(EPOCH_MS);
  expect(network.given.slice(8)).toEqual([expect.stringMatching(/^a@[12]\.0$/)]);
});

describe("a source that does not answer when the manager opens", () => {
  test("it opens, takes messages and tells the error; nothing passes and nothing is dropped until there is an answer", async () => {
    const source = changeable();
    source.isDown = true;
    const { manager, network, submit, clock } = await open({ source });
    const errors: unknown[] = [];
    manager.onError((error) => errors.push(error));
    expect(manager.quota).toMatchObject({ epoch: 0, total: 0, remaining: 0, level: "unknown", resetsAtMs: EPOCH_MS });
    for (const priority of ["critical", "normal", "optional"] as const) await submit(priority, priority);
    await manager.submitBatch(batchOf("b", 2));
    await clock.advance(2_000);
    expect(network.given).toEqual([]);
    expect(manager.status("optional")).toEqual({ kind: "queued", position: 4 });
    expect(errors).toContainEqual(new Error("no answer"));
    source.isDown = false;
    await clock.advance(10_000);
    expect(network.ids.sort()).toEqual(["b0", "b1", "critical", "normal", "optional"]);
    expect(manager.quota.level).toBe("high");
  });

  test("what was half passed is not given up before the epoch is known, and cannot be cancelled", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    first.network.held.add("b1");
    await first.manager.submitBatch(batchOf("b", 2));
    await first.clock.advance(0);
    await first.manager.close();
    const source = changeable();
    source.isDown = true;
    const { manager, network, clock } = await open({ store: await openMemoryQueue(queue), source });
    await clock.advance(100);
    expect(manager.status("b1")).toMatchObject({ kind: "queued" });
    expect(await manager.cancel("b1")).toBe(false);
    source.isDown = false;
    await clock.advance(5_000);
    expect(network.given).toEqual(["b1@0.1"]);
  });
});

test("an outcome is durable and told while a source takes its time", async () => {
  let isSlow = false;
  const source: QuotaSource = {
    read: () => (isSlow ? new Promise(() => {}) : Promise.resolve({ epoch: 0, endsAtMs: EPOCH_MS })),
  };
  const { manager, network, submit, clock } = await open({ source });
  network.held.add("a");
  await submit("a");
  await clock.advance(0);
  isSlow = true;
  network.release("a");
  await clock.advance(0);
  expect(manager.status("a")).toMatchObject({ kind: "passed" });
});

describe("a limit that is lowered", () => {
  test("a batch that it cannot hold fails as too large at once, wherever it waits, and holds up nobody", async () => {
    const source = changeable(10);
    const { manager, network, submitMany, submit, clock } = await open({ source });
    await submitMany("c", 7, "critical");
    await submit("n");
    await manager.submitBatch(batchOf("b", 6));
    await submit("m");
    source.limit = 8; // 6 of it are for a normal batch
    await clock.advance(EPOCH_MS / 2);
    await submit("l");
    await clock.advance(0);
    expect(manager.status("b5")).toMatchObject({ kind: "queued" });
    source.limit = 5;
    await submit("k");
    await clock.advance(0);
    const problem = { message: "batch: want ≤ 4 messages in an epoch, got 6", isTemporary: false };
    for (const id of named("b", 6)) {
      expect(manager.status(id)).toEqual({ kind: "failed", reason: "too-large", problem, willRetry: false });
    }
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(7)).toEqual(["n", "m", "l", "k"]);
  });

  test("by an option of the next process: the batch that was stored fails, the others go", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    await first.submitMany("c", 10, "critical");
    await first.manager.submitBatch(batchOf("b", 7));
    await first.submit("n");
    await first.manager.close();
    const { manager, network, clock } = await open({ store: await openMemoryQueue(queue), messagesPerEpoch: 4 });
    await clock.advance(EPOCH_MS);
    expect(manager.status("b0")).toMatchObject({ kind: "failed", reason: "too-large" });
    expect(network.ids).toEqual(["n"]);
  });

  test("to 0: there is none for now, so everything waits and nothing fails", async () => {
    const source = changeable(10);
    const { manager, network, submitMany, clock } = await open({ source });
    await submitMany("c", 7, "critical");
    await manager.submitBatch(batchOf("b", 6));
    source.limit = 0;
    await clock.advance(3 * EPOCH_MS);
    await manager.submitBatch(batchOf("d", 3), { priority: "critical" });
    await clock.advance(EPOCH_MS);
    expect(manager.quota).toMatchObject({ total: 0, remaining: 0, level: "exhausted" });
    expect(manager.status("b0")).toEqual({ kind: "queued", position: 3 });
    expect(network.given).toHaveLength(7);
    source.limit = 10;
    await clock.advance(2 * EPOCH_MS);
    expect(network.ids.slice(7)).toEqual(expect.arrayContaining([...named("d", 3), ...named("b", 6)]));
  });

  test("while an optional batch is half passed: its rest is not dropped, and ends as unknown when the epoch is over", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    first.network.held.add("o1");
    await first.manager.submitBatch(batchOf("o", 3), { priority: "optional" });
    await first.clock.advance(0);
    await first.manager.close();
    const source = changeable(1);
    const { manager, clock, network } = await open({ store: await openMemoryQueue(queue), source });
    await clock.advance(5);
    expect(manager.status("o1")).toMatchObject({ kind: "queued" });
    await clock.advance(EPOCH_MS);
    expect(manager.status("o1")).toMatchObject({ kind: "failed", reason: "unknown" });
    expect(manager.status("o2")).toMatchObject({ kind: "failed", reason: "not-passed" });
    expect(network.given).toEqual([]);
  });

  test("below an index that a message holds: it is not transmitted with that again", async () => {
    const source = changeable(10);
    const { network, submit, submitMany, clock } = await open({ source, firstPauseMs: 2_000 });
    await submitMany("c", 6, "critical");
    network.answers = ["refuse-for-now"];
    await submit("a");
    await clock.advance(0);
    source.limit = 5;
    await clock.advance(EPOCH_MS);
    expect(network.given.slice(6)).toEqual(["a@0.6", "a@1.0"]);
  });
});
