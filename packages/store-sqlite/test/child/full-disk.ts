/**
 * Works on a disk of its own, a tmpfs in the directory given, that has too little room again and again, and checks after
 * each call what is there. Prints what it did as one JSON object, or ends with an error.
 * @module
 */
import { copyFileSync, rmSync, statfsSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openMemoryStore, type Store, type StoreTransaction } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import { KEY } from "../fixtures/content.ts";
import { contentOfFixture, readFixture } from "../fixtures/read.ts";
import { randomUnit } from "../random-unit.ts";

const [directory = "", seed = "", oldest = ""] = process.argv.slice(2);
const random = randomUnit(Number(seed));
const BLOCK = 4_096;
const filler = join(directory, "filler");
const path = join(directory, "chat.db");

const writes = await writeWithoutRoom();
const openings = await openWithoutRoom();
const migrations = await migrateWithoutRoom();
writeSync(1, `${JSON.stringify({ writes, openings, migrations })}\n`);

/** Groups of three transactions each; some find room, some do not, some make SQLite move its log over. */
async function writeWithoutRoom(): Promise<Record<string, number>> {
  const counts = { done: 0, refused: 0, reopened: 0 };
  await using memory = openMemoryStore();
  let store = await openStore({ path, key: KEY });
  for (let step = 0; step < 70; step += 1) {
    const changes = [0, 1, 2].map((index) => changeOf(step * 3 + index));
    leave(Math.floor(random() * 16) * BLOCK);
    const outcomes = await Promise.allSettled(changes.map((change) => store.write(change)));
    const isReopened = step % 9 === 8;
    if (isReopened) await store.close(); // what is left in the log waits for the next opening
    leaveAll();
    if (isReopened) store = await openStore({ path, key: KEY });
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") expectIo(outcome.reason);
      else await memory.write(changes[index] ?? (() => {}));
      counts[outcome.status === "rejected" ? "refused" : "done"] += 1;
    }
    if (isReopened) counts.reopened += 1;
    expectEqual(await contentOf(store, step), await contentOf(memory, step), `step ${step}`);
  }
  await store.close();
  rmSync(path);
  return counts;
}

/** A new database, with more room each time until it is enough. */
async function openWithoutRoom(): Promise<number> {
  for (let blocks = 0; ; blocks += 3) {
    leave(blocks * BLOCK);
    const isOpen = await opens();
    leaveAll();
    await using store = await openStore({ path });
    await store.write((tx) => tx.secrets.putIdentity(Uint8Array.of(blocks)));
    expectEqual(await store.secrets.identity(), Uint8Array.of(blocks), "identity");
    await store.close();
    rmSync(path);
    rmSync(`${path}.key`);
    rmSync(`${path}.generation`, { force: true });
    if (isOpen) return blocks;
  }
}

/** A database of the oldest schema, in the same way. */
async function migrateWithoutRoom(): Promise<number> {
  const { version, file } = JSON.parse(oldest);
  for (let blocks = 0; ; blocks += 3) {
    copyFileSync(file, path);
    rmSync(`${path}.generation`, { force: true });
    leave(blocks * BLOCK);
    const isOpen = await opens(KEY);
    leaveAll();
    expectEqual(await readFixture({ path, key: KEY }), contentOfFixture(version), `schema ${version}`);
    rmSync(path);
    if (isOpen) return blocks;
  }
}

async function opens(key?: Uint8Array): Promise<boolean> {
  try {
    await (await openStore({ path, ...(key !== undefined && { key }) })).close();
    return true;
  } catch (error) {
    expectIo(error);
    return false;
  }
}

/** The receive path and the send path in one; few ids, so that all is replaced and deleted as well. */
function changeOf(number: number): (tx: StoreTransaction) => void {
  const bytes = new Uint8Array(Math.floor(random() * 12_000)).fill(number);
  const few = String(number % 7);
  const isDeleting = random() < 0.3;
  return ({ messages, secrets }) => {
    messages.putConversation({ id: "c1", peer: "peer", createdAtMs: number });
    secrets.putSession({ id: few, conversationId: "c1", snapshot: bytes.subarray(0, 600) });
    const message = { id: `m${number}`, conversationId: "c1", direction: "incoming", status: "received" } as const;
    messages.putMessage({ ...message, content: bytes, lamport: number, sentAtMs: 1, storedAtMs: 1 });
    messages.logSdsId(few, `d${number}`, number);
    messages.putOutgoing({ sessionId: few, sdsId: few, messageId: message.id, bytes });
    if (isDeleting) messages.deleteOutgoing(few, few);
    messages.setCursor("/topic", number);
  };
}

/** What the transactions of a step, and of some before it, have written. */
async function contentOf({ messages, secrets }: Store, step: number): Promise<unknown> {
  const numbers = Array.from({ length: 9 }, (_, index) => step * 3 + 2 - index);
  return {
    conversations: await messages.conversations(),
    // A refused message uses up no sequence.
    page: await messages.page("c1", { limit: 20 }).catch(String),
    outgoing: await Promise.all(numbers.map((number) => messages.outgoing(String(number % 7), String(number % 7)))),
    known: await Promise.all(numbers.map((number) => messages.knownSdsIds(String(number % 7), [`d${number}`]))),
    cursor: await messages.cursor("/topic"),
    sessions: await secrets.sessions(),
  };
}

/** Fills the disk up to so many bytes. */
function leave(bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(filler, new Uint8Array(Math.max(0, bavail * bsize - bytes)));
}

function leaveAll(): void {
  truncateSync(filler);
}

function expectIo(error: unknown): void {
  if (typeof error === "object" && error !== null && "code" in error && error.code === "IO") return;
  throw new Error("full disk: want the code IO, got another failure", { cause: error });
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: want ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
