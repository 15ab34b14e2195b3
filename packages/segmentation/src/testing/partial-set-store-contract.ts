/**
 * The contract of `PartialSetStore` as a jest suite. An implementation's test file is little more than a call of it.
 * @module
 */
import { describe, expect, test } from "@jest/globals";
import type { PartialSetStore, StoredSegment } from "../receiving/partial-set-store.ts";

/** A store in a place of its own. */
export type OpenedPartialSetStore = AsyncDisposable & {
  readonly store: PartialSetStore;
  /** The same place, closed and opened again; absent for a store that forgets. */
  reopen?(): Promise<PartialSetStore>;
};

/**
 * Declares the suite.
 *
 * @param name - of the implementation, for the test report
 * @param open - opens an empty store of its own at every call
 */
export function describePartialSetStore(name: string, open: () => Promise<OpenedPartialSetStore>): void {
  describe(`${name} keeps the contract of PartialSetStore`, () => {
    test("it starts empty", async () => {
      await using opened = await open();
      expect(await contentOf(opened.store)).toEqual({ segments: [], completed: [] });
    });

    test("segments come back whole and in the order in which they were added", async () => {
      await using opened = await open();
      const added = [segment("b", 3), segment("a", 1), segment("b", 2, "saro"), segment("b", 3), segment("c", 0)];
      for (const each of added) await opened.store.add(each);
      expect((await contentOf(opened.store)).segments).toEqual(added);
    });

    test("bytes are copied when they are given and when they are handed out", async () => {
      await using opened = await open();
      const given = segment("a", 100);
      const added = opened.store.add(given);
      given.bytes.fill(0);
      await added;
      for (let time = 0; time < 2; time += 1) {
        const [held] = (await contentOf(opened.store)).segments;
        expect(held).toEqual(segment("a", 100));
        held?.bytes.fill(0);
      }
    });

    test("removing forgets the segments of one set of one sender", async () => {
      await using opened = await open();
      const { store } = opened;
      const rest = [segment("a", 2, "saro"), segment("b", 4), segment("ab", 5)];
      await store.add(segment("a", 1));
      for (const each of rest) await store.add(each);
      await store.add(segment("a", 3));
      await store.remove("a", "");
      await store.remove("nobody's", "");
      expect(await contentOf(store)).toEqual({ segments: rest, completed: [] });
    });

    test("a completed set has no segments and is remembered until it is forgotten", async () => {
      await using opened = await open();
      const { store } = opened;
      for (const sender of ["", "saro"]) await store.add(segment("a", 1, sender));
      await store.complete({ setId: "a", sender: "", completedAtMs: 7 });
      await store.complete({ setId: "b", sender: "saro", completedAtMs: 8 });
      const afterwards = await contentOf(store);
      expect(afterwards.segments).toEqual([segment("a", 1, "saro")]);
      expect(afterwards.completed).toEqual([
        { setId: "a", sender: "", completedAtMs: 7 },
        { setId: "b", sender: "saro", completedAtMs: 8 },
      ]);
      await store.forgetCompleted(6);
      expect((await contentOf(store)).completed).toHaveLength(2);
      await store.forgetCompleted(7);
      expect((await contentOf(store)).completed).toEqual([{ setId: "b", sender: "saro", completedAtMs: 8 }]);
    });

    test("completing a set again is as completing it once, at the later time", async () => {
      await using opened = await open();
      const { store } = opened;
      await store.complete({ setId: "a", sender: "", completedAtMs: 1 });
      await store.complete({ setId: "b", sender: "", completedAtMs: 2 });
      await store.complete({ setId: "a", sender: "", completedAtMs: 3 });
      expect((await contentOf(store)).completed).toEqual([
        { setId: "b", sender: "", completedAtMs: 2 },
        { setId: "a", sender: "", completedAtMs: 3 },
      ]);
    });

    test("calls that overlap take effect in call order", async () => {
      await using opened = await open();
      const { store } = opened;
      await Promise.all([
        store.add(segment("a", 1)),
        store.add(segment("b", 1)),
        store.remove("a", ""),
        store.add(segment("a", 2)),
        store.complete({ setId: "b", sender: "", completedAtMs: 5 }),
        store.add(segment("b", 2)),
        store.forgetCompleted(5),
      ]);
      expect(await contentOf(store)).toEqual({ segments: [segment("a", 2), segment("b", 2)], completed: [] });
    });

    test("what was awaited is there after opening again", async () => {
      await using opened = await open();
      const { store } = opened;
      if (opened.reopen === undefined) return expect(opened.reopen).toBeUndefined();
      await store.add(segment("a", 1));
      await store.add(segment("b", 2, "saro"));
      await store.complete({ setId: "c", sender: "saro", completedAtMs: 1 });
      const before = await contentOf(store);
      const again = await opened.reopen();
      expect(await contentOf(again)).toEqual(before);
      await again.remove("a", "");
      expect((await contentOf(again)).segments).toEqual([segment("b", 2, "saro")]);
    });
  });
}

async function contentOf(store: PartialSetStore) {
  return { segments: await Array.fromAsync(store.segments()), completed: await Array.fromAsync(store.completed()) };
}

/** Bytes that tell segments apart; `seed` is the time of receipt as well. */
function segment(setId: string, seed: number, sender = ""): StoredSegment {
  const bytes = Uint8Array.from({ length: seed * 11 }, (_, index) => (index + seed) & 0xff);
  return { setId, sender, bytes, receivedAtMs: 1_700_000_000_000 + seed };
}
