/**
 * The same history for both sides, each in the database that its node made: a million pushes would take hours, and more
 * than the window of timestamps that nodes accept.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { proto_message } from "@waku/proto";
import Database from "better-sqlite3";
import { say } from "./load.ts";
import { startGoWaku, startOurs } from "./service-nodes.ts";

const PUBSUB_TOPIC = "/waku/2/rs/42/0";
const PER_TOPIC = 10_000;
const PAYLOAD_BYTES = 200;
const STEP_NS = 10_000_000n;
const BATCH = 10_000;
/** So many batches between two lines of progress. */
const TELL_EVERY = 25;

const OURS = `INSERT INTO message (hash, pubsub_topic, content_topic, timestamp_ns, bytes)
  VALUES (@hash, @pubsubTopic, @contentTopic, @timestampNs, @bytes)`;
const THEIRS = `INSERT INTO message (id, messageHash, storedAt, timestamp, contentTopic, pubsubTopic, payload, version)
  VALUES (@id, @hash, @timestampNs, @timestampNs, @contentTopic, @pubsubTopic, @payload, 0)`;

export type History = {
  /** For the nodes of each side. */
  readonly stores: Readonly<Record<"ours" | "theirs", string>>;
  /** With the number of a topic as `%d`. */
  readonly topic: string;
  readonly topics: number;
  /** The time of a message that lies so far in, from 0 to 1. */
  atNs(share: number): bigint;
};

/**
 * Made once, when the first case asks for it.
 *
 * @param folder - takes the databases and is not removed; by default a new one is, when the process ends
 */
export function historyOf(count: number, folder?: string): () => Promise<History> {
  let made: Promise<History> | undefined;
  return () => {
    made ??= make(count, folder ?? folderOfThisProcess());
    return made;
  };
}

function folderOfThisProcess(): string {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-devnet-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function make(count: number, folder: string): Promise<History> {
  const stores = { ours: join(folder, "ours"), theirs: join(folder, "go-waku.sqlite") };
  // Once up and down: each makes its own tables.
  await (await startGoWaku({ store: stores.theirs }))[Symbol.asyncDispose]();
  await (await startOurs({ store: stores.ours }))[Symbol.asyncDispose]();
  const startNs = BigInt(Date.now()) * 1_000_000n - BigInt(count) * STEP_NS;
  const topics = Math.max(1, Math.floor(count / PER_TOPIC));
  await fill("ours", join(stores.ours, "node-1", "messages.sqlite"), OURS, count, topics, startNs);
  await fill("go-waku", stores.theirs, THEIRS, count, topics, startNs);
  const atNs = (share: number) => startNs + BigInt(Math.floor(share * count)) * STEP_NS;
  return { stores, topic: "/bench/1/%d/proto", topics, atNs };
}

async function fill(
  side: string,
  path: string,
  insert: string,
  count: number,
  topics: number,
  startNs: bigint,
): Promise<void> {
  const database = new Database(path, { fileMustExist: true });
  database.pragma("synchronous = OFF");
  const statement = database.prepare(insert);
  const batch = database.transaction((first: number) => {
    for (let index = first; index < Math.min(first + BATCH, count); index += 1) {
      statement.run(recordOf(index, `/bench/1/${index % topics}/proto`, startNs + BigInt(index) * STEP_NS));
    }
  });
  for (let first = 0; first < count; first += BATCH) {
    batch(first);
    await nextTurn(); // for Ctrl-C
    if ((first / BATCH) % TELL_EVERY === TELL_EVERY - 1) say(`${side}: ${first + BATCH} of ${count} messages stored`);
  }
  database.close();
}

function recordOf(index: number, contentTopic: string, timestampNs: bigint) {
  const payload = payloadOf(index);
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timestampNs);
  return {
    pubsubTopic: PUBSUB_TOPIC,
    contentTopic,
    timestampNs,
    payload,
    hash: sha256(PUBSUB_TOPIC, payload, contentTopic, time),
    // The key of go-waku's cursors.
    id: sha256(contentTopic, payload),
    bytes: proto_message.WakuMessage.encode({ payload, contentTopic, timestamp: timestampNs }),
  };
}

/** The same in each run, and no two alike. */
function payloadOf(index: number): Buffer {
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  for (let offset = 0; offset < PAYLOAD_BYTES; offset += 32) sha256(`${index} ${offset}`).copy(payload, offset);
  return payload;
}

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
