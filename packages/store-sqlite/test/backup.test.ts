/** Copies of a store: made while it is used, restored as an older state, and refused when they are not whole. */
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { exportConversation } from "@chat/store";
import { openStore, restoreStore, type SqliteStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const copyKey = new Uint8Array(32).fill(8);
let count = 0;

function newPath(): string {
  count += 1;
  return directory.file(`${count}.db`);
}

async function fill(store: SqliteStore, messages = 10): Promise<void> {
  await store.write((tx) => {
    tx.messages.putConversation({ id: "c", peer: "peer", createdAtMs: 1 });
    tx.secrets.putIdentity(Uint8Array.of(1, 2, 3));
    tx.secrets.putSession({ id: "s", conversationId: "c", snapshot: Uint8Array.of(4) });
    for (let number = 0; number < messages; number++) tx.messages.putMessage(message(number));
    tx.messages.putOutbox({ ...row, id: "held", sessionId: "s" });
  });
}

const row = {
  topic: "/a",
  payload: Uint8Array.of(5),
  priority: "normal",
  createdAtMs: 1,
  purpose: "content",
} as const;

function message(number: number) {
  const content = new Uint8Array(2_000).fill(number);
  const common = { conversationId: "c", direction: "incoming", status: "received", content } as const;
  return { ...common, id: `m${number}`, lamport: number, sentAtMs: 1, storedAtMs: 1 };
}

/** What stands beside the files that are named. */
function leftBehind(path: string): string[] {
  const name = path.slice(directory.path.length + 1);
  return readdirSync(directory.path).filter((each) => each.startsWith(name));
}

test("a backup that is made while the store is written holds one state of it, under its own key, in one file", async () => {
  const [path, copy, restored] = [newPath(), newPath(), newPath()];
  await using store = await openStore({ path, key });
  await fill(store, 3_000);
  const progress: number[] = [];
  const backup = store.backup(copy, { key: copyKey, onProgress: ({ remaining }) => progress.push(remaining) });
  let written = 3_000;
  let isDone = false;
  void backup.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const first = written;
    await store.write((tx) => {
      for (let number = first; number < first + 3; number++) tx.messages.putMessage(message(number));
    });
    written += 3;
  }
  await backup;
  expect(written).toBeGreaterThan(3_000);
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.at(-1)).toBe(0);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(leftBehind(copy)).toEqual([copy.slice(directory.path.length + 1)]);

  const wrong = restoreStore({ from: copy, path: restored, key });
  await expect(wrong).rejects.toMatchObject({ code: "WRONG_KEY" });
  await restoreStore({ from: copy, path: restored, key: copyKey });
  await using again = await openStore({ path: restored, key: copyKey });
  const messages = await again.messages.incomingAfter(0, 100_000);
  expect(messages.length % 3).toBe(0);
  expect(messages.length).toBeGreaterThanOrEqual(3_000);
  expect(messages.map(({ id }) => id)).toEqual(messages.map((_, number) => `m${number}`));
  expect(await again.secrets.identity()).toEqual(Uint8Array.of(1, 2, 3));
});

test("without a key of its own a backup has that of the store, as a passphrase too", async () => {
  const [path, copy, restored] = [newPath(), newPath(), newPath()];
  await using store = await openStore({ path, key: "correct horse" });
  await fill(store);
  await store.backup(copy);
  await restoreStore({ from: copy, path: restored, key: "correct horse" });
  await using again = await openStore({ path: restored, key: "correct horse" });
  expect(again.origin).toBe("restored");
});

test("a restored store uses no session of before, sends nothing that it held, and says when it was restored", async () => {
  const [path, copy, restored] = [newPath(), newPath(), newPath()];
  await using store = await openStore({ path, key });
  await fill(store);
  expect(store.origin).toBe("first");
  expect(await store.messages.restoredAtMs()).toBeUndefined();
  await store.backup(copy);
  await restoreStore({ from: copy, path: restored, key });
  const startMs = Date.now();
  // Also when it is opened again: what is to be given up stays marked until that has happened.
  for (const origin of ["restored", "current"]) {
    await using again = await openStore({ path: restored, key });
    expect(again.origin).toBe(origin);
    expect(await again.messages.restoredAtMs()).toBeGreaterThanOrEqual(startMs);
    expect(await again.queue.load()).toMatchObject({ restoredAtMs: await again.messages.restoredAtMs() });
    expect(await again.secrets.sessions()).toMatchObject([{ id: "s", isRestored: true }]);
    expect(await Array.fromAsync(again.messages.outbox())).toEqual([]);
    const step = again.write((tx) =>
      tx.secrets.putSession({ id: "s", conversationId: "c", snapshot: Uint8Array.of(9) }),
    );
    await expect(step).rejects.toMatchObject({ name: "StoreError", code: "RESTORED_SESSION" });
  }
  await using again = await openStore({ path: restored, key });
  await again.write((tx) => {
    tx.secrets.putSession({ id: "new", conversationId: "c", snapshot: Uint8Array.of(9) });
    tx.secrets.deleteSession("s");
    tx.messages.putOutbox({ ...row, id: "free", sessionId: "new" });
  });
  expect(await again.secrets.sessions()).toEqual([{ id: "new", conversationId: "c", snapshot: Uint8Array.of(9) }]);
  expect((await Array.fromAsync(again.messages.outbox())).map(({ id }) => id)).toEqual(["free"]);
  // The store that was copied goes on as if nothing had been.
  expect(await store.secrets.sessions()).toEqual([{ id: "s", conversationId: "c", snapshot: Uint8Array.of(4) }]);
  await store.close();
  await using original = await openStore({ path, key });
  expect(original.origin).toBe("current");
});

test("a copy that was put back by hand is noticed, whatever was put back with it but the number beside it", async () => {
  const path = newPath();
  await (await openStore({ path, key })).close();
  const old = directory.file("old.db");
  copyFileSync(path, old);
  {
    await using store = await openStore({ path, key });
    expect(store.origin).toBe("current");
    await fill(store);
  }
  copyFileSync(old, path);
  await using store = await openStore({ path, key });
  expect(store.origin).toBe("restored");
});

test.each<[string, (file: string) => void]>([
  ["lost", (file) => writeFileSync(file, "")],
  ["of another store", (file) => writeFileSync(file, JSON.stringify({ store: "another", generation: 1 }))],
  [
    "higher",
    (file) => {
      const { store } = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(file, JSON.stringify({ store, generation: 99 }));
    },
  ],
])("a store whose number beside it is %s counts as restored, once", async (_what, change) => {
  const path = newPath();
  await (await openStore({ path, key })).close();
  change(`${path}.generation`);
  for (const origin of ["restored", "current"]) {
    await using store = await openStore({ path, key });
    expect(store.origin).toBe(origin);
  }
});

test("a backup that was cut off, or changed anywhere, is refused, and nothing is left behind", async () => {
  const [path, copy, target] = [newPath(), newPath(), newPath()];
  {
    await using store = await openStore({ path, key });
    await fill(store, 5);
    await store.backup(copy);
  }
  const whole = readFileSync(copy);
  const damaged = directory.file("damaged.db");
  const expectRefused = async () => {
    await expect(restoreStore({ from: damaged, path: target, key })).rejects.toMatchObject({ name: "StoreError" });
    expect(leftBehind(target)).toEqual([]);
  };
  for (const kept of [0, 1, 47, 48, 100, 4_096, whole.length - 4_096, whole.length - 1]) {
    copyFileSync(copy, damaged);
    truncateSync(damaged, kept);
    await expectRefused();
  }
  for (let position = 0; position < whole.length; position += 997) {
    const bytes = Buffer.from(whole);
    bytes[position] = (bytes[position] ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    await expectRefused();
  }
  await restoreStore({ from: copy, path: target, key });
  expect(existsSync(target)).toBe(true);
});

test("nothing that is there is replaced, and what is aborted leaves nothing", async () => {
  const [path, copy, target] = [newPath(), newPath(), newPath()];
  await using store = await openStore({ path, key });
  await fill(store, 2_000);
  const invalid = { name: "StoreError", code: "INVALID_OPTION" };
  await expect(store.backup(path)).rejects.toMatchObject(invalid);
  const aborting = new AbortController();
  const reason = new Error("enough");
  const backup = store.backup(copy, { signal: aborting.signal, onProgress: () => aborting.abort(reason) });
  await expect(backup).rejects.toBe(reason);
  expect(leftBehind(copy)).toEqual([]);
  await store.backup(copy);
  await expect(restoreStore({ from: copy, path, key })).rejects.toMatchObject(invalid);
  await expect(restoreStore({ from: copy, path: target, key, signal: aborting.signal })).rejects.toBe(reason);
  expect(leftBehind(target)).toEqual([]);
});

test("a copy is refused where its key would be in another file, or its secrets", async () => {
  const [path, copy] = [newPath(), newPath()];
  const invalid = { name: "StoreError", code: "INVALID_OPTION" };
  await using byFile = await openStore({ path });
  await expect(byFile.backup(copy)).rejects.toMatchObject(invalid);
  await byFile.backup(copy, { key: copyKey });
  await using two = await openStore({ path: newPath(), secretsPath: newPath(), key });
  await expect(two.backup(newPath())).rejects.toMatchObject(invalid);
});

test("a conversation is exported from a file as well", async () => {
  await using store = await openStore({ path: newPath(), key });
  await fill(store, 250);
  const records = await Array.fromAsync(exportConversation(store.messages, "c"));
  expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, number) => `m${number}`));
});
