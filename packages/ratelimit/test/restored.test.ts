/** A store that was put back to an older state: no index of an epoch that began before is taken. */
import { expect, test } from "@jest/globals";
import { openMemoryQueue, type QueueContents, type QueueStore } from "../src/index.ts";
import { EPOCH_MS, open } from "./opened.ts";

/** @param contents - what an older state still knew */
async function restored(contents: Partial<QueueContents>, restoredAtMs: number): Promise<QueueStore> {
  const store = await openMemoryQueue();
  return {
    load: async () => ({ ...(await store.load()), ...contents, restoredAtMs }),
    commit: (changes) => store.commit(changes),
    bytesOf: async (id) => (await store.bytesOf(id)) ?? new TextEncoder().encode(id),
    close: () => store.close(),
  };
}

test("messages wait for the first epoch that began after the restore, also those that had an index before", async () => {
  const record = { id: "old", sequence: 1, priority: "normal", length: 3, attempts: 1, submittedAtMs: 0 } as const;
  const ledger = { floor: 0, epochs: [{ epoch: 0, used: 3, usedBy: { critical: 0, normal: 3, optional: 0 } }] };
  const queued = [{ ...record, slot: { epoch: 0, index: 2 } }];
  const store = await restored({ ledger, queued }, EPOCH_MS + 1);
  const { manager, network, clock, submit } = await open({ store });
  await submit("new", "critical");
  for (const expected of [[], []]) {
    expect(manager.quota).toMatchObject({ remaining: 0, level: "exhausted" });
    expect(network.given).toEqual(expected);
    await clock.advance(EPOCH_MS);
  }
  expect(network.given.sort()).toEqual(["new@2.0", "old@2.1"]);
  expect(manager.quota).toMatchObject({ epoch: 2, used: 2 });
  await manager.close();
});

test("a store that was never put back goes on in the epoch it is in", async () => {
  const { network, submit, clock } = await open({ store: await openMemoryQueue() });
  await submit("new");
  await clock.advance(0);
  expect(network.given).toEqual(["new@0.0"]);
});
