import { statSync } from "node:fs";
import type { StoreTransaction } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const MIB = 2 ** 20;
/** Of the log, once what it was written for is over: where SQLite moves it over (4 MiB), and what it may keep. */
const BOUND = 8 * MIB;

test("the log of a long-running writer stays small, also while readers are half way through their tables", async () => {
  const path = directory.file("readers.db");
  await using store = await openStore({ path, key });
  await store.write((tx) => {
    for (let index = 0; index < 2_000; index++) putOutbox(tx.messages, index);
    for (let index = 0; index < 40; index++) putSegment(tx.messages, "held", index, 1_000);
  });
  const readers = [store.messages.outbox(), store.messages.segments()].map((rows) => rows[Symbol.asyncIterator]());
  for (const reader of readers) await reader.next();
  let largest = 0;
  for (let index = 0; index < 300; index++) {
    await store.write((tx) => putSegment(tx.messages, "new", index, 100_000));
    if (index % 10 === 0) for (const reader of readers) expect((await reader.next()).done).toBe(false);
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  // 30 MB went through it.
  expect(largest).toBeLessThan(BOUND);
}, 20_000);

test("a large transaction makes a log as large as itself, which the next ones give back", async () => {
  const path = directory.file("large.db");
  await using store = await openStore({ path, key });
  const size = () => statSync(`${path}-wal`).size;
  await store.write((tx) => {
    for (let index = 0; index < 240; index++) putSegment(tx.messages, "large", index, 100_000);
  });
  expect(size()).toBeGreaterThan(20 * MIB);
  for (let index = 0; index < 3; index++) await store.write((tx) => tx.messages.setCursor("/topic", index));
  expect(size()).toBeLessThanOrEqual(BOUND);
  // What is deleted is overwritten, which goes through the log as well.
  await store.write((tx) => tx.messages.deleteSegments("s1", "large"));
  for (let index = 0; index < 3; index++) await store.write((tx) => tx.messages.setCursor("/topic", index));
  expect(size()).toBeLessThanOrEqual(BOUND);
}, 20_000);

type Writer = StoreTransaction["messages"];

function putOutbox(messages: Writer, index: number): void {
  const common = { sessionId: "s1", topic: "/topic", priority: "normal", createdAtMs: 1, purpose: "content" } as const;
  messages.putOutbox({ ...common, id: `o${index}`, payload: new Uint8Array(100) });
}

function putSegment(messages: Writer, setId: string, index: number, length: number): void {
  const bytes = new Uint8Array(length).fill(index);
  messages.putSegment({ sessionId: "s1", setId, index, isParity: false, bytes, storedAtMs: 1 });
}
