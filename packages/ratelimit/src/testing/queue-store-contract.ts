/**
 * The contract of `QueueStore` as a jest suite. An implementation's test file is little more than a call of it.
 * @module
 */
import { describe, expect, test } from "@jest/globals";
import type { EndedRecord, LedgerRecord, QueuedRecord, QueueStore } from "../queue-store.ts";

/** A place of its own for a queue. */
export type QueuePlace = AsyncDisposable & {
  /** Opens it; again after `close`, with what was committed. */
  open(): Promise<QueueStore>;
};

/**
 * Declares the suite.
 *
 * @param name - of the implementation, for the test report
 * @param prepare - makes an empty place at every call
 */
export function describeQueueStore(name: string, prepare: () => Promise<QueuePlace>): void {
  describe(`${name} keeps the contract of QueueStore`, () => {
    test("it starts empty", async () => {
      await using place = await prepare();
      const store = await place.open();
      expect(await store.load()).toEqual({ queued: [], ended: [] });
      expect(await store.bytesOf("a")).toBeUndefined();
      await store.close();
    });

    test("messages come back by sequence, with their bytes, also after opening again", async () => {
      await using place = await prepare();
      let store = await place.open();
      const records = [record("b", 7), record("a", 3), record("c", 5)];
      for (const each of records) await store.commit([{ kind: "put", record: each, bytes: bytesOf(each.id) }]);
      for (let time = 0; time < 2; time += 1) {
        expect((await store.load()).queued.map(({ id }) => id)).toEqual(["a", "c", "b"]);
        expect((await store.load()).queued).toEqual(expect.arrayContaining(records));
        expect(await store.bytesOf("b")).toEqual(bytesOf("b"));
        await store.close();
        store = await place.open();
      }
      await store.close();
    });

    test("a record is replaced without its bytes", async () => {
      await using place = await prepare();
      const store = await place.open();
      await store.commit([{ kind: "put", record: record("a", 1), bytes: bytesOf("a") }]);
      const taken = { ...record("a", 1), slot: { epoch: 4, index: 2 }, attempts: 1, notBeforeMs: 99 };
      await store.commit([{ kind: "put", record: taken }]);
      expect((await store.load()).queued).toEqual([taken]);
      expect(await store.bytesOf("a")).toEqual(bytesOf("a"));
      await store.close();
    });

    test("bytes are copied when they are given and when they are handed out", async () => {
      await using place = await prepare();
      const store = await place.open();
      const bytes = bytesOf("a");
      const committed = store.commit([{ kind: "put", record: record("a", 1), bytes }]);
      bytes.fill(0);
      await committed;
      for (let time = 0; time < 2; time += 1) {
        const held = await store.bytesOf("a");
        expect(held).toEqual(bytesOf("a"));
        held?.fill(0);
      }
      await store.close();
    });

    test("bytes of many messages, short, long and none, are each their own", async () => {
      await using place = await prepare();
      const store = await place.open();
      const lengths = Array.from({ length: 200 }, (_, index) => (index * 37) % 1_500);
      const fill = (length: number, index: number) => new Uint8Array(length).fill(index);
      const puts = lengths.map((length, index) => {
        return { kind: "put", record: { ...record(`m${index}`, index), length }, bytes: fill(length, index) } as const;
      });
      await store.commit(puts);
      for (const [index, length] of lengths.entries())
        expect(await store.bytesOf(`m${index}`)).toEqual(fill(length, index));
      await store.close();
    });

    test("a message that ends goes with its bytes, and its outcome stays until it is forgotten", async () => {
      await using place = await prepare();
      let store = await place.open();
      for (const id of ["a", "b", "c"])
        await store.commit([{ kind: "put", record: record(id, 1), bytes: bytesOf(id) }]);
      await store.commit([{ kind: "end", record: ended("b") }]);
      await store.commit([
        { kind: "end", record: ended("a") },
        { kind: "end", record: ended("never-stored") },
      ]);
      await store.close();
      store = await place.open();
      const { queued, ended: outcomes } = await store.load();
      expect(queued).toEqual([record("c", 1)]);
      expect(outcomes).toEqual([ended("b"), ended("a"), ended("never-stored")]);
      expect(await store.bytesOf("b")).toBeUndefined();
      await store.commit([{ kind: "forget", ids: ["b", "never-stored", "unknown"] }]);
      expect((await store.load()).ended).toEqual([ended("a")]);
      await store.close();
    });

    test("the ledger is the last one committed", async () => {
      await using place = await prepare();
      let store = await place.open();
      for (const used of [1, 2]) await store.commit([{ kind: "ledger", ledger: ledger(used) }]);
      await store.close();
      store = await place.open();
      expect((await store.load()).ledger).toEqual(ledger(2));
      await store.close();
    });

    test("calls that overlap take effect in call order", async () => {
      await using place = await prepare();
      const store = await place.open();
      await Promise.all([
        store.commit([{ kind: "put", record: record("a", 1), bytes: bytesOf("a") }]),
        store.commit([{ kind: "put", record: { ...record("a", 1), attempts: 1 } }]),
        store.commit([{ kind: "ledger", ledger: ledger(1) }]),
        store.commit([
          { kind: "ledger", ledger: ledger(2) },
          { kind: "end", record: ended("a") },
        ]),
      ]);
      expect(await store.load()).toEqual({ ledger: ledger(2), queued: [], ended: [ended("a")] });
      await store.close();
    });

    test("one at a time: whoever opens it a second time is refused, until it is closed", async () => {
      await using place = await prepare();
      const store = await place.open();
      await expect(place.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
      await store.close();
      await store.close();
      await expect(store.commit([{ kind: "ledger", ledger: ledger(1) }])).rejects.toMatchObject({ code: "CLOSED" });
      const again = await place.open();
      await again.close();
    });
  });
}

function bytesOf(id: string): Uint8Array {
  return new TextEncoder().encode(`bytes of ${id}`);
}

function record(id: string, sequence: number): QueuedRecord {
  const { length } = bytesOf(id);
  const batch = { id: `batch of ${id}`, size: 3 };
  return { id, sequence, priority: "normal", length, batch, attempts: 0, submittedAtMs: 1_700_000_000_000 };
}

function ended(id: string): EndedRecord {
  const slot = { epoch: 2_833_333, index: 99 };
  return { id, endedAtMs: 1_700_000_000_001, outcome: { kind: "passed", slot, receipt: `receipt of ${id}` } };
}

function ledger(used: number): LedgerRecord {
  return { floor: 7, epochs: [{ epoch: 8, used, usedBy: { critical: 1, normal: used - 1, optional: 0 } }] };
}
