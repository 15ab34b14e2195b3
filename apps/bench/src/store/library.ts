/**
 * The databases that the cases share: made once, when the first case asks for them, and removed when the process ends.
 * @module
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openOurs } from "./open.ts";
import { Plain, type PlainKind } from "./plain.ts";
import { CONVERSATIONS, conversationOf, messageOf } from "./records.ts";

/** One transaction, while they are made. */
const BATCH = 5_000;

/** The same messages in each. */
export type Library = {
  readonly count: number;
  readonly ours: string;
  readonly plain: Readonly<Record<PlainKind, string>>;
  /** As they were made, in bytes, without a log. */
  readonly sizes: Readonly<Record<"ours" | PlainKind, number>>;
  /** A message that no case has put yet. */
  next(): number;
};

/** @param count - messages in each database */
export function libraryOf(count: number): () => Promise<Library> {
  let made: Promise<Library> | undefined;
  return () => {
    made ??= make(count);
    return made;
  };
}

async function make(count: number): Promise<Library> {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-store-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [ours, bare, indexed] = ["ours.db", "bare.db", "indexed.db"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await fillOurs(ours, count);
  fillPlain(bare, "bare", count);
  fillPlain(indexed, "indexed", count);
  let used = count;
  return {
    count,
    ours,
    plain: { bare, indexed },
    sizes: { ours: statSync(ours).size, bare: statSync(bare).size, indexed: statSync(indexed).size },
    next: () => used++,
  };
}

async function fillOurs(path: string, count: number): Promise<void> {
  await using store = await openOurs(path);
  await store.write((tx) => {
    for (let index = 0; index < CONVERSATIONS; index += 1) {
      tx.messages.putConversation({ id: conversationOf(index), peer: `peer ${index}`, createdAtMs: index });
    }
  });
  for (let first = 0; first < count; first += BATCH) {
    await store.write((tx) => {
      for (let index = first; index < Math.min(first + BATCH, count); index += 1)
        tx.messages.putMessage(messageOf(index));
    });
  }
}

function fillPlain(path: string, kind: PlainKind, count: number): void {
  const plain = new Plain(path, kind);
  for (let index = 0; index < CONVERSATIONS; index += 1) plain.putConversation(conversationOf(index), `peer ${index}`);
  for (let first = 0; first < count; first += BATCH) {
    plain.transaction(() => {
      for (let index = first; index < Math.min(first + BATCH, count); index += 1) plain.put(messageOf(index));
    });
  }
  plain.close();
}
