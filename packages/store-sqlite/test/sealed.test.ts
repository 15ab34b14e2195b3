import { readdirSync, readFileSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

test("no file shows a message, a peer or a secret, neither while the store is open nor afterwards", async () => {
  const path = directory.file("sealed.db");
  const store = await openStore({ path });
  await store.write((tx) => {
    tx.messages.putConversation({ id: "visible-id", peer: "hidden-peer", createdAtMs: 0 });
    tx.messages.putMessage({
      id: "m1",
      conversationId: "visible-id",
      direction: "incoming",
      status: "received",
      content: hidden("message"),
      lamport: 0,
      sentAtMs: 0,
      storedAtMs: 0,
    });
    tx.messages.putOutgoing({ sessionId: "s1", sdsId: "d1", messageId: "m1", bytes: hidden("outgoing") });
    const segment = { sessionId: "s1", setId: "set", index: 0, isParity: false, storedAtMs: 0 };
    tx.messages.putSegment({ ...segment, bytes: hidden("segment") });
    tx.messages.putSdsState("s1", hidden("sds-state"));
    tx.secrets.putIdentity(hidden("identity"));
    tx.secrets.putSession({ id: "s1", conversationId: "visible-id", snapshot: hidden("session") });
    tx.secrets.putInvite({ id: "i1", snapshot: hidden("invite") });
  });
  const key = readFileSync(`${path}.key`);
  const expectSealed = (names: string[]) => {
    const files = readdirSync(directory.path).filter((name) => name !== "sealed.db.key");
    expect(files.sort()).toEqual(names);
    const all = Buffer.concat(files.map((name) => readFileSync(directory.file(name))));
    expect(all.includes("visible-id")).toBe(true); // the search does find what is there
    expect(all.includes("hidden")).toBe(false);
    expect(all.includes(key)).toBe(false);
  };
  // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
  expectSealed(["sealed.db", "sealed.db-wal", "sealed.db.generation", "sealed.db.owner"]);
  await store.close();
  expectSealed(["sealed.db", "sealed.db.generation"]);
});

function hidden(name: string): Uint8Array {
  return new TextEncoder().encode(`hidden-${name}`);
}
