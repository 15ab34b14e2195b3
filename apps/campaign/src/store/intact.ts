/**
 * An intact database of some sixty pages with something in every table, closed and as a killed process leaves it.
 * @module
 */
import { readFileSync, rmSync } from "node:fs";
import type { Store } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import type { Random } from "../random.ts";
import type { Bases } from "./hostile-files.ts";
import { IDS, type Read, readsOfPartialSets, readsOfQueue, readsOfStore } from "./readings.ts";
import { KEY, type StoreFiles } from "./store-files.ts";

/** Opens the file and runs `work` with all reads, and a write of each part, of what it is. */
export async function withStore(
  files: StoreFiles,
  work: (reads: readonly Read[], writes: readonly (() => Promise<void>)[]) => Promise<void>,
): Promise<void> {
  await using store = await openStore({ ...files, key: KEY });
  const { queue, partialSets } = store;
  await work(
    [...readsOfStore(store), ...readsOfQueue(queue), ...readsOfPartialSets(partialSets)],
    [
      () => store.write((tx) => tx.messages.setCursor("/hostile", 1)),
      () => queue.commit([{ kind: "forget", ids: ["hostile"] }]),
      () => partialSets.remove("hostile", ""),
    ],
  );
}

/** The bases of each file that the store has; made at one moment, so that they belong together. */
export type StoreBases = { readonly path: Bases; readonly secretsPath?: Bases };

/** @param told - of everything that was ever sealed */
export async function makeBases(
  files: StoreFiles,
  random: Random,
  told: (place: string, value: string) => void,
): Promise<StoreBases> {
  const remember = async (reads: readonly Read[]) => {
    for (const read of reads) for (const [place, value] of await read()) told(place, value);
  };
  await fill(files, random);
  await withStore(files, remember);
  const closed = eachFile(files, (file) => new Uint8Array(readFileSync(file)));
  await using store = await openStore({ ...files, key: KEY });
  for (let step = 0; step < 6; step += 1) {
    await change(store, random, step);
    await remember(readsOfStore(store)); // a log that is cut off ends with any of the steps
  }
  const killed = eachFile(files, (file) => ({
    database: new Uint8Array(readFileSync(file)),
    wal: new Uint8Array(readFileSync(`${file}-wal`)),
  }));
  await store.close();
  eachFile(files, (file) => rmSync(file));
  const basesOf = (name: "path" | "secretsPath"): Bases | undefined => {
    const [left, log] = [closed[name], killed[name]];
    return left && log && { closed: left, killed: log };
  };
  const [path, secretsPath] = [basesOf("path"), basesOf("secretsPath")];
  if (path === undefined) throw new Error("path: want bases of it, got none");
  return { path, ...(secretsPath !== undefined && { secretsPath }) };
}

function eachFile<Result>(
  { path, secretsPath }: StoreFiles,
  work: (file: string) => Result,
): { readonly path: Result; readonly secretsPath?: Result } {
  return { path: work(path), ...(secretsPath !== undefined && { secretsPath: work(secretsPath) }) };
}

async function fill(files: StoreFiles, random: Random): Promise<void> {
  await using store = await openStore({ ...files, key: KEY });
  await fillChat(store, random);
  const { queue, partialSets: sets } = store;
  for (let index = 0; index < IDS.queued; index += 1) {
    const record = { id: `q${index}`, sequence: index, priority: "normal", length: 99, attempts: 0 } as const;
    await queue.commit([{ kind: "put", record: { ...record, submittedAtMs: 5 }, bytes: random.bytes(99) }]);
  }
  await queue.commit([
    { kind: "end", record: { id: "q0", endedAtMs: 6, outcome: { kind: "cancelled" } } },
    { kind: "ledger", ledger: { floor: 1, epochs: [] } },
  ]);
  for (let index = 0; index < 9; index += 1) {
    const setId = `set ${index % 3}`;
    await sets.add({ setId, sender: "peer", bytes: random.bytes(700), receivedAtMs: 7 });
  }
  await sets.complete({ setId: "set 2", sender: "peer", completedAtMs: 8 });
}

async function fillChat(store: Store, random: Random): Promise<void> {
  await store.write(({ messages, secrets }) => {
    secrets.putIdentity(random.bytes(64));
    for (let index = 0; index < IDS.conversations; index += 1) {
      messages.putConversation({ id: `c${index}`, peer: `peer ${index}`, createdAtMs: index });
    }
    for (let index = 0; index < IDS.messages; index += 1) {
      const isIncoming = index % 2 === 0;
      messages.putMessage({
        id: `m${index}`,
        conversationId: `c${index % IDS.conversations}`,
        direction: isIncoming ? "incoming" : "outgoing",
        status: isIncoming ? "received" : "queued",
        content: random.bytes(random.spread(1, index === 7 ? 20_000 : 1_000)),
        lamport: index,
        sentAtMs: index,
        storedAtMs: index,
        contentType: "text",
        ...(index % 5 === 0 && { expiresAtMs: index }),
      });
    }
    messages.putMessage({
      ...{ id: "gone", conversationId: "c0", direction: "incoming", status: "received" },
      ...{ content: random.bytes(9), lamport: 0, sentAtMs: 0, storedAtMs: 0 },
    });
    messages.deleteMessage("gone", 1);
    messages.setRead("c0", 5);
    messages.setConsumed(3);
    messages.putQuotaLedger(random.bytes(50));
    messages.setCursor("/topic", 1_000);
    for (let index = 0; index < IDS.parts; index += 1) {
      const common = { sessionId: "s1", messageId: `m${2 * index + 1}` };
      const payload = random.bytes(500);
      const outbox = { topic: "/topic", payload, priority: "normal", createdAtMs: 1, purpose: "content" } as const;
      messages.putOutbox({ ...common, ...outbox, id: `o${index}` });
      messages.putOutgoing({ ...common, sdsId: `d${index}`, bytes: random.bytes(400) });
      messages.logSdsId("s1", `d${index}`, index);
      const segment = { setId: "set", index, isParity: index % 3 === 0, bytes: random.bytes(900), storedAtMs: 1 };
      messages.putSegment({ ...segment, sessionId: "s1" });
    }
    for (let index = 0; index < IDS.sessions; index += 1) {
      secrets.putSession({ id: `s${index}`, conversationId: `c${index}`, snapshot: random.bytes(800) });
      messages.putSdsState(`s${index}`, random.bytes(300));
    }
    secrets.putInvite({ id: "i1", snapshot: random.bytes(300) });
    secrets.putPeer({ id: "c1", snapshot: random.bytes(200) });
    secrets.addHandshake("i1", "h1");
  });
}

/** What makes a log: new rows and replaced ones, whose old values may come back with an older page. */
async function change(store: Store, random: Random, step: number): Promise<void> {
  await store.write(({ messages, secrets }) => {
    secrets.putSession({ id: "s1", conversationId: "c1", snapshot: random.bytes(800) });
    messages.putOutgoing({ sessionId: "s1", sdsId: `d${step}`, messageId: "m1", bytes: random.bytes(400) });
    messages.deleteOutbox(`o${step}`);
    messages.setCursor("/topic", 2_000 + step);
  });
}
