/**
 * Writes messages into the store at the path given until three in a row are refused, reads all, and prints what happened.
 * @module
 */
import { writeSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";

const [path = ""] = process.argv.slice(2);
await using store = await openStore({ path, key: new Uint8Array(32).fill(7) });
await store.write((tx) => tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 }));
const refused: unknown[] = [];
let acknowledged = 0;
while (refused.length < 3) {
  const message = { id: `m${acknowledged}`, conversationId: "c1", direction: "incoming", status: "received" } as const;
  const content = new Uint8Array(3_000);
  try {
    await store.write((tx) => tx.messages.putMessage({ ...message, content, lamport: 1, sentAtMs: 1, storedAtMs: 1 }));
    acknowledged += 1;
  } catch (error) {
    refused.push(typeof error === "object" && error !== null && "code" in error ? error.code : String(error));
  }
}
const stored = await store.messages.incomingAfter(0, acknowledged + 1);
if (stored.length !== acknowledged) throw new Error(`messages: want ${acknowledged}, got ${stored.length}`);
writeSync(1, `${JSON.stringify({ acknowledged, refused })}\n`);
