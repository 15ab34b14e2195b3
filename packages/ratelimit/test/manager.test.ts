import { describe, expect, test } from "@jest/globals";
import {
  MemoryQueue,
  openMemoryQueue,
  type Priority,
  type QueueStore,
  type QuotaSource,
  type StoredMessage,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { EPOCH_MS, named, open } from "./opened.ts";

describe("quota", () => {
  test("RATE-F1, F2: no more messages than the limit pass in an epoch, and each has its own index", async () => {
    const { network, submitMany, clock } = await open();
    await submitMany("c", 15, "critical");
    expect(network.given).toEqual(named("c", 10).map((id, index) => `${id}@0.${index}`));
    await clock.advance(EPOCH_MS);
    expect(network.given.slice(10)).toEqual(named("c", 5, 10).map((id, index) => `${id}@1.${index}`));
  });

  test("RATE-F3, U3: total, used, remaining, level, when it resets, and who used it", async () => {
    const { manager, submitMany, clock } = await open();
    const seen: number[] = [];
    manager.onQuota(({ remaining }) => seen.push(remaining));
    expect(manager.quota).toEqual({
      epoch: 0,
      total: 10,
      used: 0,
      remaining: 10,
      lowMark: 3,
      level: "high",
      resetsAtMs: 10_000,
      usedBy: { critical: 0, normal: 0, optional: 0 },
      expectedCritical: 0,
    });
    await submitMany("n", 4);
    await submitMany("o", 2, "optional");
    await submitMany("c", 1, "critical");
    expect(manager.quota).toMatchObject({ used: 7, remaining: 3, level: "low" });
    expect(manager.quota.usedBy).toEqual({ critical: 1, normal: 4, optional: 2 });
    await submitMany("d", 9, "critical");
    expect(manager.quota).toMatchObject({ remaining: 0, level: "exhausted" });
    expect(seen.at(-1)).toBe(0);
    await clock.advance(EPOCH_MS);
    expect(manager.quota).toMatchObject({ epoch: 1, used: 6 });
  });

  test("RATE-F7: the limit and the use of a source count; an option may only lower the limit", async () => {
    const reading = { epoch: 5, limit: 4, used: 1, endsAtMs: 1e9 };
    const source: QuotaSource = { read: () => ({ ...reading }) };
    const { manager, network, submitMany } = await open({ source, messagesPerEpoch: 100 });
    expect(manager.quota).toMatchObject({ epoch: 5, total: 4, used: 1, remaining: 3 });
    await submitMany("c", 4, "critical");
    expect(network.given).toEqual(["c0@5.1", "c1@5.2", "c2@5.3"]);
    const lower = await open({ source, messagesPerEpoch: 2 });
    expect(lower.manager.quota).toMatchObject({ total: 2, remaining: 1 });
    const unlimited = await open({ source: { read: () => ({ epoch: 1, endsAtMs: 1e9 }) }, messagesPerEpoch: 7 });
    expect(unlimited.manager.quota.total).toBe(7);
  });

  test("what the source counts beyond our own is not used again", async () => {
    let used = 0;
    const { network, submitMany } = await open({ source: { read: () => ({ epoch: 1, used, endsAtMs: 1e9 }) } });
    await submitMany("a", 2, "critical");
    used = 6;
    await submitMany("b", 9, "critical");
    expect(network.given.slice(2)).toEqual(["b0@1.6", "b1@1.7", "b2@1.8", "b3@1.9"]);
  });
});

describe("clocks that jump", () => {
  test("back: the epoch that was left keeps its count", async () => {
    const { network, submitMany, clock } = await open();
    await submitMany("a", 10, "critical");
    clock.jumpTo(EPOCH_MS);
    await submitMany("b", 10, "critical");
    clock.jumpTo(5);
    await submitMany("c", 3, "critical");
    expect(network.given).toHaveLength(20);
    expect(new Set(network.given.map((each) => each.slice(each.indexOf("@")))).size).toBe(20);
  });

  test("far ahead and back: no epoch has more than its quota, and life goes on", async () => {
    const { network, submitMany, clock } = await open();
    await submitMany("a", 4, "critical");
    clock.jumpTo(1_000 * EPOCH_MS);
    await submitMany("b", 10, "critical");
    clock.jumpTo(9);
    await submitMany("c", 10, "critical");
    expect(network.given.slice(14)).toEqual(named("c", 6).map((id, index) => `${id}@0.${4 + index}`));
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(20)).toEqual(named("c", 4, 6));
  });

  test("back to an epoch of which a message that waits has a slot: it needs no room there", async () => {
    const { network, clock, manager, submit, submitMany } = await open({ firstPauseMs: 2_000 });
    network.answers = ["refuse-for-now"];
    await submit("a");
    await submitMany("c", 9, "critical");
    expect(manager.quota.remaining).toBe(0);
    manager.hold();
    clock.jumpTo(EPOCH_MS + 5);
    manager.release();
    manager.hold();
    await clock.advance(0);
    expect(manager.status("a")).toMatchObject({ kind: "queued" });
    clock.jumpTo(5);
    manager.release();
    await clock.advance(0);
    expect(network.given.at(-1)).toBe("a@0.0");
    expect(manager.status("a")).toMatchObject({ kind: "passed" });
  });

  test("back while a message is paused: it does not wait for the clock to come again", async () => {
    const { network, clock, submit } = await open({ longestPauseMs: 4_000 });
    clock.jumpTo(1_000 * EPOCH_MS);
    network.answers = ["refuse-for-now"];
    await submit("a");
    await clock.advance(0);
    clock.jumpTo(0);
    await submit("b"); // the timer of this clock would wait as long
    await clock.advance(0);
    expect(network.ids.sort()).toEqual(["a", "a", "b"]);
  });

  test("an epoch whose count was forgotten has no quota", async () => {
    const { network, submitMany, clock } = await open();
    for (let epoch = 0; epoch < 20; epoch += 1) {
      clock.jumpTo(epoch * EPOCH_MS);
      await submitMany(`e${epoch}-`, 1, "critical");
    }
    expect(network.given).toHaveLength(20);
    clock.jumpTo(0);
    await submitMany("late", 1, "critical");
    expect(network.given).toHaveLength(20);
  });
});

describe("priorities", () => {
  test("RATE-F5: when quota is low, critical are sent, normal are queued, optional are dropped", async () => {
    const { manager, network, submitMany, submit } = await open();
    await submitMany("n", 7);
    expect(manager.quota.level).toBe("low");
    const optional = await submit("o", "optional");
    expect(optional.status).toEqual({ kind: "dropped", reason: "quota-low" });
    await submitMany("m", 1);
    expect(manager.status("m0")).toEqual({ kind: "queued", position: 0, estimatedAtMs: 10_000 });
    await submitMany("c", 2, "critical");
    expect(network.ids).toEqual([...named("n", 7), "c0", "c1"]);
  });

  test("RATE-F6: when quota is exhausted, critical are queued on top, normal are queued, optional are dropped", async () => {
    const { network, submitMany, submit, clock } = await open();
    await submitMany("c", 10, "critical");
    expect((await submit("o", "optional")).status).toEqual({ kind: "dropped", reason: "quota-exhausted" });
    await submitMany("n", 2);
    await submitMany("d", 2, "critical");
    expect(network.given).toHaveLength(10);
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(10)).toEqual(["d0", "d1", "n0", "n1"]);
  });

  test("an optional message that waits while quota becomes low is dropped then", async () => {
    const { manager, network, submit, submitMany, clock } = await open({ concurrency: 1 });
    network.held.add("h");
    await submit("h", "critical");
    await submit("o", "optional");
    await submitMany("c", 7, "critical");
    expect(manager.status("o")).toMatchObject({ kind: "queued", position: 7 });
    network.release("h");
    await clock.advance(0);
    expect(network.ids).toEqual(["h", ...named("c", 7)]);
    expect(manager.status("o")).toEqual({ kind: "dropped", reason: "quota-low" });
  });

  test("a turn of the epoch leaves the reserve", async () => {
    const { network, submitMany, clock } = await open();
    await submitMany("c", 10, "critical");
    await submitMany("n", 20);
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(10)).toEqual(named("n", 7));
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(17)).toEqual(named("n", 7, 7));
  });

  test("a normal message leaves within ceil(position / share) epochs while critical ones leave a share", async () => {
    const { network, submitMany, clock } = await open();
    await submitMany("x", 10, "critical");
    await submitMany("n", 12);
    // In each epoch 4 critical ones, of 7 above the low mark, leave a share of 3 at least.
    for (let epoch = 1; epoch <= 4; epoch += 1) {
      await submitMany(`e${epoch}-`, 4, "critical");
      await clock.advance(EPOCH_MS);
      const normal = network.ids.filter((id) => id.startsWith("n"));
      expect(normal).toEqual(named("n", normal.length));
      expect(normal.length).toBeGreaterThanOrEqual(epoch * 3);
    }
  });
});

describe("batches", () => {
  const batchOf = (prefix: string, count: number) =>
    named(prefix, count).map((id) => ({ id, bytes: new Uint8Array(1) }));

  test("RATE-U2: a batch that fits is sent whole, with slots taken together", async () => {
    const { manager, network, clock } = await open();
    const submissions = await manager.submitBatch(batchOf("b", 7));
    await clock.advance(0);
    expect(network.given).toEqual(named("b", 7).map((id, index) => `${id}@0.${index}`));
    expect(submissions.map(({ status }) => status?.kind)).toEqual(named("", 7).map(() => "passed"));
  });

  test("a batch that does not fit now waits whole, and nothing of its priority overtakes it", async () => {
    const { manager, network, submitMany, clock } = await open();
    await submitMany("n", 2);
    await manager.submitBatch(batchOf("b", 6));
    await submitMany("m", 1);
    expect(network.ids).toEqual(["n0", "n1"]);
    expect(manager.status("b3")).toEqual({ kind: "queued", position: 3, estimatedAtMs: 10_000 });
    await clock.advance(EPOCH_MS);
    // Once the batch has begun, the next message need not wait for its end.
    expect(network.given.slice(2).sort()).toEqual([...named("b", 6).map((id, index) => `${id}@1.${index}`), "m0@1.6"]);
  });

  test("an optional batch that does not fit now is dropped whole", async () => {
    const { manager, network, submitMany } = await open();
    await submitMany("n", 2);
    const submissions = await manager.submitBatch(batchOf("o", 6), { priority: "optional" });
    expect(submissions.map(({ status }) => status)).toEqual(
      named("", 6).map(() => ({ kind: "dropped", reason: "quota-low" })),
    );
    expect(network.given).toHaveLength(2);
  });

  test.each([
    ["normal", 8],
    ["critical", 11],
  ] as const)("a %s batch of %i, which no epoch could hold, is refused", async (priority, count) => {
    const { manager } = await open();
    await expect(manager.submitBatch(batchOf("b", count), { priority })).rejects.toMatchObject({
      code: "BATCH_TOO_LARGE",
    });
    expect(manager.status("b0")).toBeUndefined();
  });

  test("ids that are known, or twice in the batch, are refused", async () => {
    const { manager, submit } = await open();
    await submit("a");
    const a = { id: "a", bytes: new Uint8Array(1) };
    const b = { id: "b", bytes: new Uint8Array(1) };
    await expect(manager.submitBatch([b, a])).rejects.toMatchObject({ code: "DUPLICATE_ID" });
    await expect(manager.submitBatch([b, b])).rejects.toMatchObject({ code: "DUPLICATE_ID" });
    await expect(manager.submitBatch([])).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  test("a failure in the middle is reported exactly, and nothing is tried again", async () => {
    const { manager, network, clock } = await open();
    network.answersTo.set("b2", "refuse-for-now");
    await manager.submitBatch(batchOf("b", 5));
    await clock.advance(10 * EPOCH_MS);
    expect(network.ids).toEqual(["b0", "b1", "b2"]);
    expect(named("b", 5).map((id) => manager.status(id))).toMatchObject([
      { kind: "passed", slot: { epoch: 0, index: 0 } },
      { kind: "passed", slot: { epoch: 0, index: 1 } },
      { kind: "failed", reason: "refused", willRetry: false },
      { kind: "failed", reason: "not-passed", willRetry: false },
      { kind: "failed", reason: "not-passed", willRetry: false },
    ]);
  });

  test("a batch of which nothing was taken is tried again whole, in the same slots", async () => {
    const { network, manager, clock } = await open();
    network.answers = ["refuse-for-now"];
    await manager.submitBatch(batchOf("b", 2));
    await clock.advance(1_000);
    expect(network.given).toEqual(["b0@0.0", "b0@0.0", "b1@0.1"]);
  });

  test("cancelling one message of it cancels it whole", async () => {
    const { manager, network, submitMany, clock } = await open();
    await submitMany("n", 7);
    const [first] = await manager.submitBatch(batchOf("b", 3));
    expect(await first?.cancel()).toBe(true);
    await clock.advance(EPOCH_MS);
    expect(named("b", 3).map((id) => manager.status(id))).toEqual(named("", 3).map(() => ({ kind: "cancelled" })));
    expect(network.ids).toEqual(named("n", 7));
  });
});

describe("errors of the delivery service (RATE-R1)", () => {
  test("a temporary one is tried again with growing pauses, in the slot of the epoch, and then anew", async () => {
    const { manager, network, submit, clock } = await open({ firstPauseMs: 4_000 });
    network.answers = ["refuse-for-now", "refuse-for-now", "refuse-for-now"];
    const submission = await submit("a");
    await clock.advance(0);
    const problem = { message: "a: refuse-for-now", isTemporary: true };
    expect(submission.status).toEqual({ kind: "failed", problem, willRetry: true, retryAtMs: 2_000 });
    await clock.advance(30_000);
    expect(network.given).toEqual(["a@0.0", "a@0.0", "a@0.0", "a@1.0"]);
    expect(manager.status("a")).toMatchObject({ kind: "passed", receipt: "receipt of a" });
  });

  test("a permanent one is final", async () => {
    const { manager, network, submit, clock } = await open();
    network.answersTo.set("a", "refuse");
    await submit("a");
    await clock.advance(60_000);
    expect(network.given).toHaveLength(1);
    const problem = { message: "a: refuse", isTemporary: false };
    expect(manager.status("a")).toEqual({ kind: "failed", reason: "refused", problem, willRetry: false });
  });

  test("a message that is never taken ends after maxAttempts, and holds up nobody", async () => {
    const { manager, network, submit, submitMany, clock } = await open({ maxAttempts: 3, concurrency: 1 });
    network.answersTo.set("poison", "refuse-for-now");
    await submit("poison", "critical");
    await submitMany("n", 3);
    expect(network.ids).toEqual(["poison", "n0", "n1", "n2"]);
    await clock.advance(60_000);
    expect(network.ids.filter((id) => id === "poison")).toHaveLength(3);
    expect(manager.status("poison")).toMatchObject({ kind: "failed", willRetry: false });
  });
});

describe("status (RATE-U4)", () => {
  test("every change is told by event, by iterator, and the outcome by promise", async () => {
    const { manager, network, submit, submitMany, clock } = await open();
    await submitMany("n", 7);
    const events: string[] = [];
    manager.onStatus((id, { kind }) => events.push(`${id} ${kind}`));
    network.answers = ["refuse-for-now"];
    const submission = await submit("m");
    const iterated = Array.fromAsync(submission.statuses());
    const ended = submission.ended();
    await clock.advance(3 * EPOCH_MS);
    expect(events).toEqual(["m queued", "m passing", "m failed", "m queued", "m passing", "m passed"]);
    expect((await iterated).map(({ kind }) => kind).at(-1)).toBe("passed");
    expect(await ended).toMatchObject({ kind: "passed", slot: { epoch: 1, index: 0 } });
    expect(await Array.fromAsync(submission.statuses())).toEqual([await ended]);
  });

  test("waiting for it can be given up, and ends when the manager closes", async () => {
    const { manager, submit, submitMany } = await open();
    await submitMany("c", 10, "critical");
    const submission = await submit("m");
    const controller = new AbortController();
    const reason = new Error("enough");
    const givenUp = submission.ended({ signal: controller.signal });
    controller.abort(reason);
    await expect(givenUp).rejects.toBe(reason);
    const cutOff = submission.ended();
    await manager.close();
    await expect(cutOff).rejects.toMatchObject({ code: "CLOSED" });
    await expect(submit("late")).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("a queued message can be cancelled, one under way or ended cannot", async () => {
    const { manager, network, submit, submitMany, clock } = await open();
    network.held.add("h");
    await submit("h");
    await submitMany("c", 9, "critical");
    const submission = await submit("m");
    expect(await submission.cancel()).toBe(true);
    expect(submission.status).toEqual({ kind: "cancelled" });
    expect([await submission.cancel(), await manager.cancel("h"), await manager.cancel("nobody")]).toEqual([
      false,
      false,
      false,
    ]);
    network.release("h");
    await clock.advance(2 * EPOCH_MS);
    expect(network.ids).not.toContain("m");
  });

  test("the same id is the same message, also while it is stored and after it has passed", async () => {
    const { network, submit, clock } = await open();
    await Promise.all([submit("a"), submit("a")]);
    await clock.advance(0);
    await submit("a");
    await clock.advance(EPOCH_MS);
    expect(network.given).toEqual(["a@0.0"]);
  });

  test("what ended long ago is forgotten", async () => {
    const { manager, submitMany, clock } = await open({ maxEnded: 3 });
    await submitMany("c", 5, "critical");
    await clock.advance(0);
    expect(named("c", 5).map((id) => manager.status(id)?.kind)).toEqual([
      undefined,
      undefined,
      "passed",
      "passed",
      "passed",
    ]);
  });
});

describe("bounds", () => {
  test.each([{ maxQueuedMessages: 2 }, { maxQueuedBytes: 2 * 2 }])("a full queue refuses: %j", async (options) => {
    const { submit, submitMany } = await open({ ...options, messagesPerEpoch: 1, lowShare: 0 });
    await submitMany("a", 1);
    await submitMany("n", 2);
    await expect(submit("n2")).rejects.toMatchObject({ code: "QUEUE_FULL" });
  });

  test.each([
    { messagesPerEpoch: 0 },
    { epochSeconds: 1.5 },
    { lowShare: 1 },
    { concurrency: 0 },
    { maxAttempts: 0 },
    { maxEnded: -1 },
  ])("an option out of range is named: %j", async (options) => {
    const [name = ""] = Object.keys(options);
    await expect(open(options)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(name),
    });
  });
});

describe("a store that fails", () => {
  /** Fails while it is told to. */
  async function unreliable(queue = new MemoryQueue()) {
    const inner = await openMemoryQueue(queue);
    const store = {
      isFull: false,
      load: () => inner.load(),
      bytesOf: (id: string) => inner.bytesOf(id),
      close: () => inner.close(),
      async commit(changes: Parameters<typeof inner.commit>[0]) {
        if (store.isFull) throw new Error("disk full");
        return inner.commit(changes);
      },
    };
    return store;
  }

  test("nothing is taken that it did not take, and the id is free again", async () => {
    const store = await unreliable();
    const { manager, network, submit, clock } = await open({ store });
    store.isFull = true;
    await expect(submit("a")).rejects.toThrow("disk full");
    expect(manager.status("a")).toBeUndefined();
    store.isFull = false;
    await submit("a");
    await clock.advance(0);
    expect(network.given).toEqual(["a@0.0"]);
  });

  test("nothing is transmitted before its slot is stored, and an index that may be is not given again", async () => {
    const store = await unreliable();
    const { manager, network, submit, clock } = await open({ store, concurrency: 1 });
    const errors: unknown[] = [];
    manager.onError((error) => errors.push(error));
    network.held.add("h");
    await submit("h");
    await submit("a");
    await clock.advance(0);
    store.isFull = true;
    network.release("h");
    await clock.advance(500);
    expect(network.given).toEqual(["h@0.0"]);
    expect(manager.status("h")).toMatchObject({ kind: "passing" });
    expect(errors.length).toBeGreaterThan(0);
    store.isFull = false;
    await clock.advance(EPOCH_MS - 1_000);
    expect(network.given).toEqual(["h@0.0", expect.stringMatching(/^a@0\.[1-9]$/)]);
  });

  test("cancelling waits until it is durable, and if the store refuses, the message waits on", async () => {
    const queue = new MemoryQueue();
    const store = await unreliable(queue);
    const { manager, network, submit, submitMany, clock } = await open({ store });
    await submitMany("c", 10, "critical");
    await submit("a");
    store.isFull = true;
    await expect(manager.cancel("a")).rejects.toThrow("disk full");
    expect(manager.status("a")).toMatchObject({ kind: "queued", position: 0 });
    store.isFull = false;
    const answers = Promise.all([manager.cancel("a"), manager.cancel("a")]);
    expect(queue.ended.has("a")).toBe(false);
    expect(await answers).toEqual([true, false]);
    expect(queue.ended.get("a")?.outcome).toEqual({ kind: "cancelled" });
    await clock.advance(EPOCH_MS);
    expect(network.ids).not.toContain("a");
  });

  test("what is submitted in one turn shares a commit; if that fails, each is asked for alone", async () => {
    const store = await unreliable();
    const sizes: number[] = [];
    const { commit } = store;
    store.commit = async (changes) => {
      sizes.push(changes.length);
      if (changes.some((change) => change.kind === "put" && change.record.id === "b")) throw new Error("no b");
      return commit(changes);
    };
    const { manager, submit } = await open({ store });
    manager.hold();
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((id) => submit(id)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(sizes).toEqual([3, 1, 1, 1]);
    expect([manager.status("b"), manager.load.messages]).toEqual([undefined, 2]);
  });

  test("a round is one commit: outcomes of the last, the ledger and the slots of the next", async () => {
    const store = await unreliable();
    const commits: string[] = [];
    const { commit } = store;
    store.commit = async (changes) => {
      commits.push(changes.map((change) => change.kind).join(" "));
      return commit(changes);
    };
    const { manager, submit, clock } = await open({ store, concurrency: 1 });
    manager.hold();
    await Promise.all([submit("a"), submit("b")]);
    manager.release();
    await clock.advance(0);
    expect(commits).toEqual(["put put", "ledger put", "end ledger put", "end"]);
  });

  test("the next message of a batch is not given before it is durable that the one before has passed", async () => {
    const store = await unreliable();
    const { manager, network, clock } = await open({ store });
    network.held.add("b0");
    await manager.submitBatch(named("b", 3).map((id) => ({ id, bytes: new Uint8Array(1) })));
    await clock.advance(0);
    store.isFull = true;
    network.release("b0");
    await clock.advance(300);
    expect(network.given).toEqual(["b0@0.0"]);
    store.isFull = false;
    await clock.advance(1_000);
    expect(network.given).toEqual(["b0@0.0", "b1@0.1", "b2@0.2"]);
    network.held.add("d0");
    await manager.submitBatch(named("d", 2).map((id) => ({ id, bytes: new Uint8Array(1) })));
    await clock.advance(0);
    store.isFull = true;
    network.release("d0");
    await clock.advance(0);
    await manager.close(); // does not wait for a store that refuses
    expect(network.ids).not.toContain("d1");
  });

  test("an outcome that it did not take is told and written when it can", async () => {
    const queue = new MemoryQueue();
    const store = await unreliable(queue);
    const { manager, network, submit, clock } = await open({ store });
    network.held.add("a");
    await submit("a");
    await clock.advance(0);
    store.isFull = true;
    network.release("a");
    await clock.advance(0);
    expect(manager.status("a")).toMatchObject({ kind: "passing" });
    store.isFull = false;
    await clock.advance(5_000);
    expect(manager.status("a")).toMatchObject({ kind: "passed" });
    await manager.close();
    const again = await open({ store: await openMemoryQueue(queue) });
    expect(again.manager.status("a")).toMatchObject({ kind: "passed" });
  });
});

describe("messages that the store holds already", () => {
  /** Counts what is written. */
  async function counting(queue: MemoryQueue) {
    const inner = await openMemoryQueue(queue);
    const kinds: string[] = [];
    const commit: typeof inner.commit = (changes) => {
      kinds.push(...changes.map(({ kind }) => kind));
      return inner.commit(changes);
    };
    return { kinds, store: { ...bound(inner), commit } };
  }

  function bound(inner: QueueStore): QueueStore {
    return {
      load: () => inner.load(),
      commit: (changes) => inner.commit(changes),
      bytesOf: (id) => inner.bytesOf(id),
      close: () => inner.close(),
    };
  }

  function stored(queue: MemoryQueue, prefix: string, count: number, priority?: Priority): StoredMessage[] {
    return named(prefix, count).map((id, index) => {
      const bytes = new TextEncoder().encode(id);
      const record = { id, sequence: index, length: bytes.length, attempts: 0, submittedAtMs: 0 };
      queue.queued.set(id, { record: { ...record, priority: priority ?? "normal" }, bytes });
      return { id, length: bytes.length, ...(priority !== undefined && { priority }) };
    });
  }

  test("they are sent in the order given, after those before, without being written before a slot is", async () => {
    const queue = new MemoryQueue();
    const { store, kinds } = await counting(queue);
    const { manager, network, submitMany, clock } = await open({ store });
    await submitMany("c", 7, "critical");
    kinds.length = 0;
    const submissions = await manager.adopt(stored(queue, "n", 9));
    expect(submissions.map(({ id }) => id)).toEqual(named("n", 9));
    expect(kinds).toEqual([]);
    expect(manager.load).toEqual({ messages: 9, bytes: 18 });
    await submitMany("m", 1);
    await clock.advance(EPOCH_MS);
    await clock.advance(EPOCH_MS);
    expect(network.ids.slice(7)).toEqual([...named("n", 9), "m0"]);
    expect(network.taken.at(8)?.bytes).toEqual(new TextEncoder().encode("n1"));
    expect(submissions[8]?.status).toMatchObject({ kind: "passed", slot: { epoch: 2, index: 1 } });
    expect(manager.load).toEqual({ messages: 0, bytes: 0 });
  });

  test("optional ones that do not fit are dropped durably, room is not asked for", async () => {
    const queue = new MemoryQueue();
    const { manager, submitMany } = await open({ store: await openMemoryQueue(queue), maxQueuedMessages: 8 });
    await submitMany("c", 8, "critical");
    const [first] = await manager.adopt(stored(queue, "o", 2, "optional"));
    expect(first?.status).toEqual({ kind: "dropped", reason: "quota-low" });
    await manager.adopt(stored(queue, "n", 20));
    expect(manager.load.messages).toBe(20);
    expect([queue.queued.has("o1"), queue.ended.get("o1")?.outcome]).toEqual([
      false,
      { kind: "dropped", reason: "quota-low" },
    ]);
  });

  test("what is known stays as it is, whether it waits, is on its way in, or has ended", async () => {
    const queue = new MemoryQueue();
    const { manager, network, submit, submitMany, clock } = await open({ store: await openMemoryQueue(queue) });
    await submitMany("c", 7, "critical");
    const taking = submit("n0");
    await manager.adopt([...stored(queue, "n", 2), ...stored(queue, "n", 2), { id: "c3", length: 2 }]);
    await taking;
    await manager.adopt(stored(queue, "n", 2, "critical"));
    expect(network.given).toHaveLength(7);
    expect(manager.load.messages).toBe(2);
    await clock.advance(3 * EPOCH_MS);
    expect(network.ids.slice(7)).toEqual(["n0", "n1"]);
  });

  test("one whose end is being written, but that the store keeps for another priority, is there again after it", async () => {
    const queue = new MemoryQueue();
    const inner = await openMemoryQueue(queue);
    const adopting: Promise<unknown>[] = [];
    const store = {
      ...bound(inner),
      async commit(changes: Parameters<typeof inner.commit>[0]) {
        const isDrop = changes.some((change) => change.kind === "end" && change.record.outcome.kind === "dropped");
        if (!isDrop) return inner.commit(changes);
        for (const priority of ["normal", "normal"] as const) {
          adopting.push(manager.adopt([{ id: "o0", length: 2, priority }]));
        }
      },
    };
    const opened = await open({ store, maxEnded: 0 });
    const { manager, submitMany, clock, network } = opened;
    await submitMany("c", 8, "critical");
    await manager.adopt(stored(queue, "o", 1, "optional"));
    await Promise.all(adopting);
    expect(manager.status("o0")).toMatchObject({ kind: "queued", position: 0 });
    await clock.advance(EPOCH_MS);
    expect(network.given.slice(8)).toEqual(["o0@1.0"]);
  });

  test("a priority that is none is refused before anything is taken up", async () => {
    const { manager } = await open();
    const wrong = { id: "b", length: 1, priority: "urgent" as Priority };
    await expect(manager.adopt([{ id: "a", length: 1 }, wrong])).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect([manager.status("a"), manager.load.messages]).toEqual([undefined, 0]);
  });
});

describe("hold and release", () => {
  test("while held nothing is taken from the queue, what is under way goes on, and no index is used", async () => {
    const { manager, network, submit, submitMany, clock } = await open();
    network.held.add("h");
    await submit("h");
    await clock.advance(0);
    manager.hold();
    manager.hold();
    await submitMany("c", 2, "critical");
    network.release("h");
    await clock.advance(3 * EPOCH_MS);
    expect(manager.status("h")).toMatchObject({ kind: "passed" });
    expect(manager.status("c0")).toMatchObject({ kind: "queued", position: 0 });
    expect(manager.quota).toMatchObject({ epoch: 3, used: 0 });
    manager.release();
    await clock.advance(0);
    expect(network.given).toEqual(["h@0.0", "c0@3.0", "c1@3.1"]);
  });

  test("a release makes what was paused after an error due at once", async () => {
    const { manager, network, submit, clock } = await open({ firstPauseMs: 8_000, maxAttempts: 2 });
    network.answers = ["refuse-for-now"];
    await submit("a");
    await clock.advance(0);
    manager.release(); // of nothing
    manager.hold();
    await clock.advance(1_000);
    expect(manager.status("a")).toMatchObject({ kind: "failed", willRetry: true });
    manager.release();
    await clock.advance(0);
    expect(network.given).toEqual(["a@0.0", "a@0.0"]);
    expect(manager.status("a")).toMatchObject({ kind: "passed" });
  });
});

describe("outcomes that wait for the next write", () => {
  async function settling() {
    const store = await openMemoryQueue();
    const commits: string[] = [];
    const counted = {
      load: () => store.load(),
      commit: (changes) => {
        commits.push(changes.map(({ kind }) => kind).join(" "));
        return store.commit(changes);
      },
      bytesOf: (id) => store.bytesOf(id),
      close: () => store.close(),
    } satisfies QueueStore;
    return { commits, ...(await open({ store: counted, settleWithinMs: 20 })) };
  }

  test("go with it, or alone after their time, or when they are told that there is one", async () => {
    const { commits, submit, clock, manager } = await settling();
    await submit("a");
    await clock.advance(0);
    expect(commits).toEqual(["put", "ledger put"]);
    await submit("b");
    await clock.advance(0);
    expect(commits.slice(2)).toEqual(["put", "end ledger put"]);
    await clock.advance(20);
    expect(commits.slice(4)).toEqual(["end"]);
    await submit("c");
    await clock.advance(0);
    manager.settle();
    await clock.advance(0);
    expect(commits.slice(5)).toEqual(["put", "ledger put", "end"]);
    await clock.advance(1_000);
    expect(commits).toHaveLength(8);
  });

  test("are written when the manager is closed", async () => {
    const { commits, submit, clock, manager } = await settling();
    await submit("a");
    await clock.advance(0);
    await manager.close();
    expect(commits.at(-1)).toBe("end");
  });

  test.each([-1, 0.5])("settleWithinMs: %d is refused", async (settleWithinMs) => {
    await expect(open({ settleWithinMs })).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("restarts (RATE-R2, R3)", () => {
  test("a store that a manager has is refused to a second one, until the first one is closed or did not open", async () => {
    const queue = await openMemoryQueue();
    const store: QueueStore = {
      load: () => queue.load(),
      commit: (changes) => queue.commit(changes),
      bytesOf: (id) => queue.bytesOf(id),
      close: async () => {},
    };
    const { manager, submit } = await open({ store });
    await expect(open({ store })).rejects.toMatchObject({ name: "RateLimitError", code: "STORE_LOCKED" });
    await submit("a");
    await manager.close();
    const failing = { ...store, load: () => Promise.reject(new Error("no")) };
    for (let time = 0; time < 2; time += 1) await expect(open({ store: failing })).rejects.toThrow("no");
    const { manager: next } = await open({ store });
    expect(next.status("a")).toBeDefined();
    await next.close();
  });

  test("queue, statuses and quota go on where they were", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    await first.submitMany("c", 9, "critical");
    await first.submitMany("n", 2);
    await first.manager.close();
    const second = await open({ store: await openMemoryQueue(queue) });
    expect(second.manager.quota).toMatchObject({ used: 9, usedBy: { critical: 9 } });
    expect(second.manager.status("c3")).toMatchObject({ kind: "passed", slot: { epoch: 0, index: 3 } });
    expect(second.manager.status("n1")).toMatchObject({ kind: "queued", position: 1 });
    await second.submitMany("d", 2, "critical");
    expect(second.network.given).toEqual(["d0@0.9"]);
    await second.clock.advance(EPOCH_MS);
    expect(second.network.ids).toEqual(["d0", "d1", "n0", "n1"]);
  });

  test("what was under way is given again, in its slot while the epoch lasts, with the same id", async () => {
    for (const [atMs, given] of [
      [5_000, "a@0.0"],
      [15_000, "a@1.0"],
    ] as const) {
      const queue = new MemoryQueue();
      const first = await open({ store: await openMemoryQueue(queue) });
      first.network.held.add("a");
      await first.submit("a");
      await first.clock.advance(0);
      await first.manager.close();
      const second = await open({ store: await openMemoryQueue(queue), clock: new VirtualClock(atMs) });
      await second.submitMany("b", 0);
      await second.manager.close();
      expect(second.network.given).toEqual([given]);
    }
  });

  test("a pause before the next attempt goes on", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue), firstPauseMs: 8_000 });
    first.network.answers = ["refuse-for-now"];
    await first.submit("a");
    await first.clock.advance(1_000);
    await first.manager.close();
    const clock = new VirtualClock(1_000);
    const { network, manager, submitMany } = await open({ store: await openMemoryQueue(queue), clock });
    await submitMany("b", 1);
    expect(network.ids).toEqual(["b0"]);
    expect(manager.status("a")).toEqual({ kind: "queued", position: 0, estimatedAtMs: 4_000 });
    await clock.advance(2_999);
    expect(network.ids).toEqual(["b0"]);
    await clock.advance(1);
    expect(network.given).toEqual(["b0@0.1", "a@0.0"]);
  });

  test("outcomes beyond what is remembered go from the store as well", async () => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    await first.submitMany("c", 5, "critical");
    await first.manager.close();
    const second = await open({ store: await openMemoryQueue(queue), maxEnded: 2 });
    expect(named("c", 5).filter((id) => second.manager.status(id))).toEqual(["c3", "c4"]);
    await second.submitMany("d", 1, "critical");
    await second.submitMany("e", 1, "critical");
    await second.manager.close();
    expect([...queue.ended.keys()]).toEqual(expect.arrayContaining(["d0", "e0"]));
    expect(queue.ended.size).toBeLessThanOrEqual(3);
  });

  test("a message that ended the process each time ends as unknown", async () => {
    const queue = new MemoryQueue();
    for (let time = 0; time < 2; time += 1) {
      const { manager, network, submit, clock } = await open({ store: await openMemoryQueue(queue), maxAttempts: 2 });
      network.held.add("a");
      await submit("a");
      await clock.advance(0);
      await manager.close();
    }
    const { manager, network, clock } = await open({ store: await openMemoryQueue(queue), maxAttempts: 2 });
    await clock.advance(0);
    expect(manager.status("a")).toMatchObject({ kind: "failed", reason: "unknown", willRetry: false });
    expect(network.given).toEqual([]);
  });

  test.each([5_000, 15_000])("a batch that was half passed at 0 s and found at %i ms", async (atMs) => {
    const queue = new MemoryQueue();
    const first = await open({ store: await openMemoryQueue(queue) });
    first.network.held.add("b2");
    await first.manager.submitBatch(named("b", 4).map((id) => ({ id, bytes: new Uint8Array(1) })));
    await first.clock.advance(0);
    await first.manager.close();
    const clock = new VirtualClock(atMs);
    const second = await open({ store: await openMemoryQueue(queue), clock });
    await clock.advance(0);
    const kinds = named("b", 4).map((id) => second.manager.status(id));
    if (atMs < EPOCH_MS) {
      expect(second.network.given).toEqual(["b2@0.2", "b3@0.3"]);
      expect(kinds.map((status) => status?.kind)).toEqual(["passed", "passed", "passed", "passed"]);
    } else {
      expect(second.network.given).toEqual([]);
      expect(kinds).toMatchObject([
        { kind: "passed" },
        { kind: "passed" },
        { kind: "failed", reason: "unknown" },
        { kind: "failed", reason: "not-passed" },
      ]);
    }
  });
});
