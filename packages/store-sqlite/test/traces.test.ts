/** What is deleted is gone from the files, and the search leaves nothing there in the first place. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { SearchSettings, Store } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { temporaryDirectory } from "./temporary-directory.ts";
import { watchedDriver } from "./watched-driver.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
const search: SearchSettings = { textOf: ({ content }) => new TextDecoder().decode(content) };

type Deletion = (store: Store) => Promise<void>;
const deletions: [name: string, deletion: Deletion][] = [
  ["a message", (store) => store.write((tx) => tx.messages.deleteMessage("doomed-message", 1))],
  ["an expired message", (store) => store.write((tx) => tx.messages.deleteExpired(10, 1))],
  [
    "a conversation",
    (store) =>
      store.write((tx) => {
        tx.messages.deleteConversation({ id: "doomed-conversation", sessionIds: ["doomed-session"], deletedAtMs: 1 });
        tx.secrets.deleteSession("doomed-session");
      }),
  ],
  [
    "everything",
    (store) =>
      store.write((tx) => {
        tx.messages.deleteAll();
        tx.secrets.deleteAll({ identity: "delete" });
      }),
  ],
];
test.each(deletions)("once %s is deleted, neither database nor log has a byte of it", async (name, deletion) => {
  const path = directory.file(`${name}.db`);
  await fill(path, new TextEncoder().encode("word ".repeat(3_000)));
  const sealed = sealedIn(path);
  await using store = await openStore({ path, key });
  // Into the log as well, as it would be soon after it was written.
  await store.write((tx) => tx.messages.setStatus("doomed-message", "failed"));
  await store.write((tx) => tx.messages.putSegment({ ...SEGMENT, bytes: new Uint8Array(20_000) }));
  expect(filesOf(path).includes("doomed-message")).toBe(true);
  for (const part of sealed) expect(filesOf(path).includes(part)).toBe(true);
  await deletion(store);
  const files = filesOf(path);
  for (const part of sealed) expect(files.includes(part)).toBe(false);
  expect(files.includes("doomed-message")).toBe(false);
  expect(readFileSync(`${path}-wal`)).toHaveLength(0);
  if (name === "a conversation" || name === "everything") {
    expect(files.includes("doomed-conversation")).toBe(false);
    expect(files.includes("doomed-session")).toBe(false);
  }
});

test("when the log can not be emptied the deletion holds, and the next write empties it", async () => {
  const path = directory.file("refused.db");
  let isRefused = true;
  const driver = watchedDriver(({ sql }) => {
    if (isRefused && sql.startsWith("wal_checkpoint") && hasStarted) {
      throw Object.assign(new Error("no"), { code: "SQLITE_IOERR_WRITE" });
    }
  });
  let hasStarted = false;
  await fill(path, new TextEncoder().encode("word"));
  await using store = await openStore({ path, key, driver });
  hasStarted = true;
  await store.write((tx) => tx.messages.deleteMessage("doomed-message", 1));
  expect(await store.messages.message("doomed-message")).toBeUndefined();
  expect(readFileSync(`${path}-wal`).length).toBeGreaterThan(0);
  isRefused = false;
  await store.write((tx) => tx.messages.setCursor("/a", 1));
  expect(readFileSync(`${path}-wal`)).toHaveLength(0);
});

test("neither searching nor a content type leaves a word in a file, before and after closing", async () => {
  const path = directory.file("searched.db");
  const store = await openStore({ path, key, search });
  await store.write((tx) => {
    tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
    for (let index = 0; index < 200; index++) {
      const content = new TextEncoder().encode(`secretword number${index} 中国人`);
      tx.messages.putMessage({
        ...MESSAGE,
        id: `m${index}`,
        conversationId: "c1",
        content,
        contentType: "visible/type",
      });
    }
  });
  expect(await store.messages.search("secretw 国人", { limit: 500 })).toHaveLength(200);
  expect(await store.messages.withContentType("visible/type", { limit: 500 })).toHaveLength(200);
  const expectSealed = () => {
    const names = readdirSync(directory.path).filter((file) => file.startsWith("searched"));
    const files = Buffer.concat(names.map((file) => readFileSync(directory.file(file))));
    expect(files.includes("SQLite format")).toBe(true);
    for (const word of ["secretw", "number1", "中国", "国人", "visible", "group"])
      expect(files.includes(word)).toBe(false);
  };
  expectSealed();
  await store.close();
  expectSealed();
});

test("a search does not keep others waiting: in between, reads and writes have their turn", async () => {
  await using store = await openStore({ path: directory.file("slices.db"), key, search });
  await store.write((tx) => {
    tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
    for (let index = 0; index < 1_000; index++) {
      const content = new TextEncoder().encode(index === 0 ? "needle" : "hay");
      tx.messages.putMessage({ ...MESSAGE, id: `m${index}`, conversationId: "c1", content });
    }
  });
  const order: string[] = [];
  const searching = store.messages.search("needle", { limit: 1 }).then(() => order.push("search"));
  await store.write((tx) => tx.messages.setCursor("/a", 1));
  order.push("write");
  await searching;
  expect(order).toEqual(["write", "search"]);
  const controller = new AbortController();
  const given = store.messages.search("hay", { limit: 1_000, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
});

test("closing the store ends a search with CLOSED", async () => {
  const store = await openStore({ path: directory.file("closed.db"), key, search });
  await store.write((tx) => {
    tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
    for (let index = 0; index < 500; index++) {
      tx.messages.putMessage({ ...MESSAGE, id: `m${index}`, conversationId: "c1", content: new Uint8Array() });
    }
  });
  const searching = store.messages.search("word", { limit: 1 });
  const outcome = expect(searching).rejects.toMatchObject({ code: "CLOSED" });
  await store.close();
  await outcome;
});

const MESSAGE = { direction: "outgoing", status: "queued", lamport: 1, sentAtMs: 1, storedAtMs: 1 } as const;
const SEGMENT = { sessionId: "doomed-session", setId: "set", index: 0, isParity: false, storedAtMs: 1 } as const;

async function fill(path: string, content: Uint8Array): Promise<void> {
  await using store = await openStore({ path, key });
  await store.write((tx) => {
    tx.messages.putConversation({ id: "doomed-conversation", peer: "p", createdAtMs: 1 });
    const fields = { ...MESSAGE, conversationId: "doomed-conversation", content, expiresAtMs: 5 };
    tx.messages.putMessage({ ...fields, id: "doomed-message" });
    const part = { sessionId: "doomed-session", messageId: "doomed-message", bytes: content };
    tx.messages.putOutgoing({ ...part, sdsId: "d1" });
    tx.secrets.putSession({ id: "doomed-session", conversationId: "doomed-conversation", snapshot: content });
  });
}

/** The first and last bytes of each sealed value of the message; a long one is cut up into pages. */
function sealedIn(path: string): Buffer[] {
  const database = new Database(path, { readonly: true });
  const values = ["SELECT content FROM messages", "SELECT bytes FROM outgoing"].map((sql) =>
    database.prepare<[], Uint8Array>(sql).pluck().get(),
  );
  database.close();
  return values.flatMap((value) => {
    if (value === undefined) throw new Error("sealed: want a value, got none");
    return [Buffer.from(value.slice(0, 16)), Buffer.from(value.slice(-16))];
  });
}

function filesOf(path: string): Buffer {
  return Buffer.concat([path, `${path}-wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file)));
}
