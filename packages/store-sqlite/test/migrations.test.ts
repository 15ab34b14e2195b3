/** Databases of earlier schemas keep all they hold. */
import { randomBytes } from "node:crypto";
import { openSqliteStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { createDataKey } from "../src/key.ts";
import { FIRST } from "../src/migrations/0001-first.ts";
import { PARTIAL_SETS } from "../src/migrations/0002-partial-sets.ts";
import { QUEUE } from "../src/migrations/0003-queue.ts";
import { type Place, Sealer } from "../src/sealer.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

test("messages and outbox of schema 3 are there with schema 4, and their sequence goes on", async () => {
  const path = directory.file("schema-3.db");
  const key = randomBytes(32);
  const { dataKey, row } = await createDataKey(key, "");
  const sealer = new Sealer(dataKey);
  const database = new Database(path);
  database.exec(`${FIRST} ${PARTIAL_SETS} ${QUEUE} PRAGMA application_id = 0x63686174; PRAGMA user_version = 3`);
  database.prepare("INSERT INTO data_key (id, kek, wrapped) VALUES (1, 'bytes', ?)").run(row.wrapped);
  const seal = (value: string, ...place: Place) => sealer.seal(new TextEncoder().encode(value), ...place);
  database.prepare("INSERT INTO conversations VALUES (1, 'c1', ?, 1)").run(seal("peer", "conversations", "peer", "c1"));
  const insert = database.prepare("INSERT INTO messages VALUES (?, ?, 'c1', 'outgoing', 'sent', ?, 1, 2, 3)");
  for (const [sequence, id] of [
    [3, "m3"],
    [7, "m7"],
  ] as const)
    insert.run(sequence, id, seal(id, "messages", "content", id));
  database.exec("INSERT INTO outbox VALUES (1, 'o1', 's1', 'm7', '/a', x'0102', 9, 8, 'content')");
  database.close();

  await using store = await openSqliteStore({ path, key });
  const message = { conversationId: "c1", direction: "outgoing", lamport: 1, sentAtMs: 2, storedAtMs: 3 } as const;
  const content = new TextEncoder().encode("m8");
  await store.write((tx) => tx.messages.putMessage({ ...message, id: "m8", status: "dropped", content }));
  const page = await store.messages.page("c1", { limit: 9 });
  expect(page.map(({ id, sequence, status }) => [id, sequence, status])).toEqual([
    ["m3", 3, "sent"],
    ["m7", 7, "sent"],
    ["m8", 8, "dropped"],
  ]);
  expect(page.map((record) => new TextDecoder().decode(record.content))).toEqual(["m3", "m7", "m8"]);
  expect(await store.messages.outboxPayload("o1")).toEqual(Uint8Array.of(1, 2));
  const entries = await Array.fromAsync(store.messages.outbox());
  expect(entries).toEqual([
    {
      id: "o1",
      sessionId: "s1",
      messageId: "m7",
      topic: "/a",
      length: 2,
      priority: "normal",
      timestampMs: 9,
      createdAtMs: 8,
      purpose: "content",
    },
  ]);
});
