import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type AcceptResult,
  type CompletedSet,
  DurableReassembler,
  MemoryPartialSetStore,
  Segmenter,
  type StoredSegment,
} from "../src/index.ts";
import { describePartialSetStore } from "../src/testing.ts";
import { payloadOf } from "./payloads.ts";

const OPTIONS = { maxMessageSize: 123, wrap: "always", timeoutMs: 1_000 } as const; // chunks of 64 bytes

describePartialSetStore("MemoryPartialSetStore", async () => ({
  store: new MemoryPartialSetStore(),
  async [Symbol.asyncDispose]() {},
}));

/** A store that fails while it is told to. */
class UnreliableStore extends MemoryPartialSetStore {
  isFull = false;

  override async add(segment: StoredSegment): Promise<void> {
    this.#check();
    return super.add(segment);
  }

  override async complete(set: CompletedSet): Promise<void> {
    this.#check();
    return super.complete(set);
  }

  #check(): void {
    if (this.isFull) throw new Error("disk full");
  }
}

function messagesOf(payload: Uint8Array): Uint8Array[] {
  return [...new Segmenter(OPTIONS).segment(payload)];
}

function open(store: MemoryPartialSetStore): Promise<DurableReassembler> {
  return DurableReassembler.open({ ...OPTIONS, store, clock: { nowMs: () => 0 } });
}

async function segmentCount(store: MemoryPartialSetStore): Promise<number> {
  return (await Array.fromAsync(store.segments())).length;
}

async function acceptAll(reassembler: DurableReassembler, messages: readonly Uint8Array[]): Promise<AcceptResult[]> {
  return Promise.all(messages.map((message) => reassembler.accept(message)));
}

describe("across restarts", () => {
  test("whatever arrives between restarts, in whatever order, makes the payload whole, once", async () => {
    const payload = payloadOf(10 * 64 + 5);
    const messages = messagesOf(payload);
    const plan = fc.record({
      order: fc.shuffledSubarray([...messages.keys()], { minLength: messages.length }),
      restarts: fc.array(fc.nat(messages.length), { maxLength: 4 }),
    });
    const survives = fc.asyncProperty(plan, async ({ order, restarts }) => {
      const store = new MemoryPartialSetStore();
      let reassembler = await open(store);
      const payloads: Uint8Array[] = [];
      for (const [step, index] of order.entries()) {
        if (restarts.includes(step)) reassembler = await open(store);
        const result = await reassembler.accept(messages[index] ?? new Uint8Array());
        if (result.kind !== "complete") continue;
        payloads.push(result.payload);
        await reassembler.taken(result);
      }
      expect(payloads).toEqual([payload]);
      expect(await segmentCount(store)).toBe(0);
    });
    await fc.assert(survives);
  });

  test("a payload that was complete but not taken is complete again, once", async () => {
    const store = new MemoryPartialSetStore();
    const payload = payloadOf(300);
    const first = await open(store);
    const results = await Promise.all(messagesOf(payload).map((message) => first.accept(message, { sender: "saro" })));
    const complete = results.find((result) => result.kind === "complete");
    const setId = complete?.setId ?? "";
    expect(complete).toEqual({ kind: "complete", payload, setId, sender: "saro" });
    expect(first.recovered()).toEqual([]);

    const second = await open(store);
    expect(second.recovered()).toEqual([{ payload, setId, sender: "saro" }]);
    expect(second.recovered()).toEqual([]);
    for (const recovered of (await open(store)).recovered()) await second.taken(recovered);

    const third = await open(store);
    expect(third.recovered()).toEqual([]);
    const [again = new Uint8Array()] = messagesOf(payload);
    expect(await third.accept(again, { sender: "saro" })).toMatchObject({ kind: "discarded", reason: "duplicate" });
    expect(await third.accept(again, { sender: "raya" })).toMatchObject({ kind: "pending" });
  });

  test("a completed set is forgotten after the timeout, on disk too", async () => {
    const store = new MemoryPartialSetStore();
    const reassembler = await open(store);
    const [message = new Uint8Array()] = messagesOf(payloadOf(64));
    const result = await reassembler.accept(message);
    if (result.kind !== "complete") throw new TypeError("want a whole payload");
    await reassembler.taken(result);
    expect(await Array.fromAsync(store.completed())).toHaveLength(1);
    await reassembler.expire(1_000);
    expect(await Array.fromAsync(store.completed())).toEqual([]);
  });

  test("a set that is given up is gone from the store, and its report is the same after a restart", async () => {
    const [message = new Uint8Array()] = messagesOf(payloadOf(300));
    const reports = [];
    for (const restart of [false, true]) {
      const store = new MemoryPartialSetStore();
      let reassembler = await open(store);
      await reassembler.accept(message, { nowMs: 5, sender: "saro" });
      if (restart) reassembler = await open(store);
      reports.push(await reassembler.expire(2_000));
      expect(await segmentCount(store)).toBe(0);
    }
    expect(reports[0]).toMatchObject([{ reason: "timeout", sender: "saro", held: 1, ageMs: 1_995 }]);
    expect(reports[1]).toEqual(reports[0]);
  });
});

describe("with a store that fails", () => {
  test("a segment that could not be stored is not held, and can be given again", async () => {
    const store = new UnreliableStore();
    const reassembler = await open(store);
    const payload = payloadOf(200);
    const [a, b, ...rest] = messagesOf(payload) as [Uint8Array, Uint8Array, ...Uint8Array[]];
    await reassembler.accept(a);
    store.isFull = true;
    await expect(reassembler.accept(b)).rejects.toThrow("disk full");
    store.isFull = false;
    expect(await reassembler.accept(a)).toMatchObject({ kind: "discarded", reason: "duplicate" });
    expect(await reassembler.accept(b)).toMatchObject({ kind: "pending", held: 2 });
    expect((await acceptAll(reassembler, rest)).at(-1)).toMatchObject({ kind: "complete", payload });
  });

  test("a payload is not handed out before its last segment is stored", async () => {
    const store = new UnreliableStore();
    const reassembler = await open(store);
    const payload = payloadOf(128);
    const [a, b] = messagesOf(payload) as [Uint8Array, Uint8Array];
    await reassembler.accept(a);
    store.isFull = true;
    await expect(reassembler.accept(b)).rejects.toThrow("disk full");
    store.isFull = false;
    expect(await reassembler.accept(b)).toMatchObject({ kind: "complete", payload });
  });

  test("a payload that was handed out is not recovered in the same process", async () => {
    const store = new UnreliableStore();
    const reassembler = await open(store);
    const [whole] = messagesOf(payloadOf(64)) as [Uint8Array];
    const [part] = messagesOf(payloadOf(128)) as [Uint8Array];
    expect(await reassembler.accept(whole)).toMatchObject({ kind: "complete" });
    store.isFull = true;
    await expect(reassembler.accept(part)).rejects.toThrow("disk full");
    store.isFull = false;
    expect(await reassembler.accept(whole)).toMatchObject({ kind: "discarded", reason: "duplicate" });
    expect(reassembler.recovered()).toEqual([]);
    expect((await open(store)).recovered()).toHaveLength(1);
  });

  test.each(["completed", "segments"] as const)("taking while %s are loaded again takes it once", async (step) => {
    const store = new UnreliableStore();
    const reassembler = await open(store);
    const [whole, part] = [payloadOf(64), payloadOf(128)].map((payload) => messagesOf(payload)[0]) as [
      Uint8Array,
      Uint8Array,
    ];
    const result = await reassembler.accept(whole);
    store.isFull = true;
    await expect(reassembler.accept(part)).rejects.toThrow("disk full");
    store.isFull = false;

    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    async function* paused<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
      const all = await Array.fromAsync(items);
      reached.resolve();
      await goOn.promise;
      yield* all;
    }
    if (step === "completed") store.completed = () => paused(MemoryPartialSetStore.prototype.completed.call(store));
    else store.segments = () => paused(MemoryPartialSetStore.prototype.segments.call(store));
    const again = reassembler.accept(part);
    await reached.promise;
    const taking = result.kind === "complete" ? reassembler.taken(result) : undefined;
    goOn.resolve();
    await Promise.all([again, taking]);
    expect(reassembler.recovered()).toEqual([]);
    expect(await reassembler.accept(whole)).toMatchObject({ kind: "discarded", reason: "duplicate" });
    expect((await Array.fromAsync(MemoryPartialSetStore.prototype.segments.call(store))).length).toBe(1);
  });

  test("taking can fail and be tried again", async () => {
    const store = new UnreliableStore();
    const reassembler = await open(store);
    const [whole] = messagesOf(payloadOf(64)) as [Uint8Array];
    const result = await reassembler.accept(whole);
    if (result.kind !== "complete") throw new TypeError("want a whole payload");
    store.isFull = true;
    await expect(reassembler.taken(result)).rejects.toThrow("disk full");
    store.isFull = false;
    await reassembler.taken(result);
    expect((await open(store)).recovered()).toEqual([]);
  });

  test("opening fails as loading fails, and options are checked", async () => {
    const store = new MemoryPartialSetStore();
    store.segments = async function* () {
      yield* [];
      throw new Error("unreadable");
    };
    await expect(open(store)).rejects.toThrow("unreadable");
    await expect(DurableReassembler.open({ store, maxMessageSize: 1 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});

test("a payload that travelled as it is needs no store", async () => {
  const store = new UnreliableStore();
  const reassembler = await DurableReassembler.open({ maxMessageSize: 123, store });
  store.isFull = true;
  const result = await reassembler.accept(payloadOf(100));
  expect(result).toEqual({ kind: "complete", payload: payloadOf(100) });
  if (result.kind === "complete") await reassembler.taken(result);
});
