/**
 * Writes numbered transactions into the store at the path given until it is killed, several at a time, and prints
 * each number as soon as its write is acknowledged. Every transaction sets off a message, an SDS id, a session
 * snapshot and a cursor; between them are transactions that fail.
 * @module
 */
import { writeSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";

const CURSOR = "/writer";
const [path = ""] = process.argv.slice(2);
writeSync(1, "opening\n");
const store = await openStore({ path, key: new Uint8Array(32).fill(7) });
let number = (await store.messages.cursor(CURSOR)) ?? 0;

async function writeNext(): Promise<void> {
  number += 1;
  const current = number;
  const content = new Uint8Array(2_000).fill(current % 256);
  const failing = store.write((tx) => {
    tx.messages.setCursor(CURSOR, 0);
    tx.messages.logSdsId("s1", `failed-${current}`, current);
    throw new Error("meant to fail");
  });
  const written = store.write((tx) => {
    tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
    tx.secrets.putSession({ id: "s1", conversationId: "c1", snapshot: new TextEncoder().encode(String(current)) });
    tx.messages.putMessage({
      id: `m${current}`,
      conversationId: "c1",
      direction: "incoming",
      status: "received",
      content,
      lamport: current,
      sentAtMs: 0,
      storedAtMs: 0,
    });
    tx.messages.logSdsId("s1", `d${current}`, current);
    tx.messages.setCursor(CURSOR, current);
  });
  await Promise.all([failing.catch(() => {}), written]);
  writeSync(1, `${current}\n`);
}

async function writeForever(): Promise<never> {
  while (true) await writeNext();
}

await Promise.all([writeForever(), writeForever(), writeForever()]);
