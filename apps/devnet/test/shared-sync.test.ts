import { expect, test } from "@jest/globals";
import { SharedSync } from "../src/shared-sync.ts";

/** A disk whose syncs end when they are told to. */
function slowDisk() {
  const running: { end(): void; fail(error: Error): void }[] = [];
  const shared = new SharedSync(() => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    running.push({ end: resolve, fail: reject });
    return promise;
  });
  return { running, shared };
}

async function turn(): Promise<void> {
  await new Promise(setImmediate);
}

test("what asks while the disk is busy shares the next sync, and is not taken for part of this one", async () => {
  const { running, shared } = slowDisk();
  const done: string[] = [];
  const ask = (name: string) => void shared.synced().then(() => done.push(name));
  ask("first");
  await turn();
  ask("second");
  ask("third");
  await turn();
  expect(running).toHaveLength(1);
  running[0]?.end();
  await turn();
  expect(done).toEqual(["first"]);
  expect(running).toHaveLength(2);
  running[1]?.end();
  await turn();
  expect(done).toEqual(["first", "second", "third"]);
  ask("fourth");
  await turn();
  expect(running).toHaveLength(3);
});

test("after a failure nothing counts as written any more, and the disk is not asked again", async () => {
  const { running, shared } = slowDisk();
  const first = shared.synced();
  await turn();
  const second = shared.synced();
  running[0]?.fail(new Error("EIO"));
  await expect(first).rejects.toThrow("EIO");
  await expect(second).rejects.toThrow("EIO");
  await expect(shared.synced()).rejects.toThrow("EIO");
  expect(running).toHaveLength(1);
});
