/**
 * One of two people, in a process of their own: chats until it is killed, or told to end.
 * Its one argument is a {@link PersonOrder}; it prints {@link FromPerson} and reads {@link ToPerson}.
 * @module
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import {
  ChatClient,
  ChatError,
  type Content,
  type Conversation,
  type Message,
  type RateLimitProof,
  type RlnSlot,
} from "@chat/sdk";
import { Diary, readDiary } from "./diary.ts";
import { fileOf, letterOf, sha256, textOf } from "./letters.ts";
import type { FromPerson, PersonOrder } from "./orders.ts";
import { tellMemory } from "./tell-memory.ts";

const ACKNOWLEDGEMENT_DELAY_MS = 20;
const MOST_AT_ONCE = 4;
const LOOK_EVERY_MS = 50;
const EVERYTHING = 1_000_000;

const order = JSON.parse(process.argv[2] ?? "") as PersonOrder;
const source = { seed: order.seed, author: order.name, files: order.files };
const before = readDiary(order.diary);
const diary = new Diary(order.diary);
const shown = new Set(before.flatMap((entry) => (entry.kind === "shown" ? [entry.id] : [])));
const accepted = new Set(before.flatMap((entry) => (entry.kind === "accepted" ? [entry.number] : [])));
/** What was accepted so far. */
const sent = { text: 0, file: 0 };
for (const entry of before) if (entry.kind === "trying" && accepted.has(entry.number)) sent[entry.what] += 1;
let written = before.filter(({ kind }) => kind === "trying").length;
const drained = Promise.withResolvers<void>();
let drains = false;
let finishes = false;

createInterface({ input: process.stdin })
  .on("line", (line) => {
    drains = true;
    drained.resolve();
    finishes ||= line === "finish";
  })
  .on("close", () => process.exit(1)); // nobody is there any more

tell({ kind: "opening" });
const client = await ChatClient.create({
  database: order.database,
  network: { ...order.network, rln: { prove } },
  rateLimit: order.rateLimit,
  acknowledgementDelayMs: ACKNOWLEDGEMENT_DELAY_MS,
  whenUnreachable: "queue",
});
void listen();
diary.note({ kind: "opened" });
tell({ kind: "opened" });
if (order.memoryEveryMs !== undefined) tellMemory(order.memoryEveryMs, tell);
const reading = read();
const conversation = await begin();
await Promise.all([writeTexts(), sendFiles()]);
await until(async () => (await underWay()).length === 0);
tell({ kind: "settled" });
await until(async () => finishes && (await countReceived()) === shown.size);
await client.close();
await reading;
process.exit(0);

/** Errors that are no part of losing the connection end the process: they are findings. */
async function listen(): Promise<void> {
  let hasRecovered = false;
  for await (const event of client.events()) {
    if (event.type === "catch-up" && event.isDone && !hasRecovered) {
      hasRecovered = true;
      tell({ kind: "recovered" });
    }
    if (event.type !== "error") continue;
    if (event.error instanceof ChatError && event.error.retryable) continue;
    throw event.error;
  }
}

async function read(): Promise<void> {
  const positions = before.flatMap((entry) => (entry.kind === "shown" ? [entry.sequence] : []));
  const options = order.keepsPosition ? { since: Math.max(0, ...positions) } : {};
  for await (const { id, sequence, content } of client.messages(options)) {
    diary.note({ kind: "shown", id, sequence, ...letterOf(content) });
    shown.add(id);
  }
}

async function begin(): Promise<Conversation> {
  for (;;) {
    const [existing] = await client.conversations();
    if (existing !== undefined) return existing;
    if (order.invite !== undefined) return client.accept(order.invite);
    await wait(LOOK_EVERY_MS);
  }
}

/** Some at once now and then. At least one, so that there is a conversation in any case. */
async function writeTexts(): Promise<void> {
  while (!drains || sent.text === 0) {
    const atOnce = Math.random() < 0.2 ? 1 + Math.floor(Math.random() * MOST_AT_ONCE) : 1;
    await Promise.all(Array.from({ length: atOnce }, () => write("text")));
    await wait(Math.random() * 2 * order.pauseMs);
  }
}

/** One on its way at any time, also that of an earlier process. At least one. */
async function sendFiles(): Promise<void> {
  while (!drains || sent.file === 0) {
    const unfinished = (await underWay()).find(({ content }) => content.kind === "file");
    const id = unfinished?.id ?? (await write("file"));
    if (id === undefined) await wait(LOOK_EVERY_MS);
    else await (await client.sentMessage(id)).delivered();
    await Promise.race([wait(order.filePauseMs), drained.promise]);
  }
}

/** @returns its id, or undefined if there is no room for it now */
async function write(what: "text" | "file"): Promise<string | undefined> {
  written += 1;
  const number = written;
  const content: Content = what === "text" ? textOf(source, number) : fileOf(source, number);
  diary.note({ kind: "trying", what, number });
  try {
    const { id } = await conversation.send(content);
    diary.note({ kind: "accepted", number, id });
    sent[what] += 1;
    return id;
  } catch (error) {
    if (!(error instanceof ChatError) || !error.retryable) throw error;
    diary.note({ kind: "refused", number });
    return undefined;
  }
}

/** What is not delivered, and has not failed. */
async function underWay(): Promise<Message[]> {
  const [queued, sent] = await Promise.all([
    client.find({ status: "queued", limit: EVERYTHING }),
    client.find({ status: "sent", limit: EVERYTHING }),
  ]);
  return [...queued, ...sent];
}

async function countReceived(): Promise<number> {
  return (await client.statistics()).messagesByStatus.received;
}

/** A service node without RLN takes any proof. This one only writes down which message takes which place in the quota. */
async function prove(signal: Uint8Array, { epoch, index }: RlnSlot): Promise<RateLimitProof> {
  diary.note({ kind: "slot", epoch, index, digest: sha256(signal), atMs: Date.now() });
  const bytes = new Uint8Array(32);
  const proof = new Uint8Array(128);
  return {
    proof,
    merkleRoot: bytes,
    epoch: bytes,
    shareX: bytes,
    shareY: bytes,
    nullifier: bytes,
    rlnIdentifier: bytes,
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(LOOK_EVERY_MS);
}

function tell(line: FromPerson): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
