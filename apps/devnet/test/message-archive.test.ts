import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Message } from "../src/message.ts";
import { type ArchivePage, type ArchiveQuery, MessageArchive, type StoredMessage } from "../src/message-archive.ts";
import { hexOf, messageWith, NOW_MS } from "./messages.ts";

const NS = 1_000_000n;

let archive: MessageArchive;
beforeEach(() => {
  archive = new MessageArchive(":memory:");
});
afterEach(() => archive.close());

function pageOf(query: Partial<ArchiveQuery>, from = archive): Extract<ArchivePage, { kind: "page" }> {
  const page = from.query({ direction: "forward", limit: 100, ...query });
  if (page.kind !== "page") throw new Error(`want a page, got ${page.kind}`);
  return page;
}

/** Pages one after the other, each by the cursor of the one before. */
function pagesOf(query: Partial<ArchiveQuery>): string[][] {
  const pages: string[][] = [];
  let page = pageOf(query);
  pages.push(hashes(page.messages));
  while (page.next !== undefined) {
    page = pageOf({ ...query, cursor: page.next });
    pages.push(hashes(page.messages));
  }
  return pages;
}

function hashes(messages: readonly (StoredMessage | Message)[]): string[] {
  return messages.map(({ hash }) => hexOf(hash));
}

async function putAll(messages: readonly Message[]): Promise<boolean[]> {
  const written = await Promise.all(messages.map((message) => archive.put(message)));
  return written.map(({ isNew }) => isNew);
}

describe("the archive", () => {
  test("gives back a message with its hash, topic, time and bytes", async () => {
    const message = messageWith({ text: "hello", shard: 3 });
    expect(await archive.put(message)).toMatchObject({ isNew: true });
    const [stored] = pageOf({}).messages;
    expect(hexOf(stored?.hash ?? message.bytes)).toBe(hexOf(message.hash));
    expect(hexOf(stored?.bytes ?? message.hash)).toBe(hexOf(message.bytes));
    expect(stored).toMatchObject({ pubsubTopic: "/waku/2/rs/42/3", timestampNs: BigInt(NOW_MS) * NS });
  });

  test("keeps one row for each hash, in one batch and across batches", async () => {
    const message = messageWith({ text: "once" });
    expect(await putAll([message, message])).toEqual([true, false]);
    expect(await archive.put(message)).toMatchObject({ isNew: false });
    expect(pageOf({}).messages).toHaveLength(1);
  });

  test("walks forward from the oldest, page by page", async () => {
    const messages = [5, 4, 3, 2, 1].map((ageMs) => messageWith({ ageMs }));
    await putAll(messages.toReversed());
    const [a, b, c, d, e] = hashes(messages);
    expect(pagesOf({ limit: 2 })).toEqual([[a, b], [c, d], [e]]);
  });

  test("walks backward from the newest, each page oldest first", async () => {
    const messages = [5, 4, 3, 2, 1].map((ageMs) => messageWith({ ageMs }));
    await putAll(messages);
    const [a, b, c, d, e] = hashes(messages);
    expect(pagesOf({ limit: 2, direction: "backward" })).toEqual([[d, e], [b, c], [a]]);
  });

  test("has no cursor after a last page that is exactly full", async () => {
    await putAll([messageWith({ ageMs: 1 }), messageWith({ ageMs: 2 })]);
    expect(pageOf({ limit: 2 }).next).toBeUndefined();
  });

  test("picks by content topic, pubsub topic and time, both ends included", async () => {
    const wanted = [30, 20, 10].map((ageMs) => messageWith({ ageMs, contentTopic: "/test/1/b/proto" }));
    const others = [
      messageWith({ ageMs: 20 }),
      messageWith({ ageMs: 20, contentTopic: "/test/1/b/proto", shard: 1 }),
      messageWith({ ageMs: 31, contentTopic: "/test/1/b/proto" }),
      messageWith({ ageMs: 9, contentTopic: "/test/1/b/proto" }),
    ];
    await putAll([...others, ...wanted]);
    const { messages } = pageOf({
      pubsubTopic: "/waku/2/rs/42/0",
      contentTopics: ["/test/1/b/proto", "/test/1/c/proto"],
      timeStartNs: BigInt(NOW_MS - 30) * NS,
      timeEndNs: BigInt(NOW_MS - 10) * NS,
    });
    expect(hashes(messages)).toEqual(hashes(wanted));
  });

  test("finds messages by hash and leaves out what it does not have", async () => {
    const kept = [messageWith({ text: "a" }), messageWith({ text: "b" }), messageWith({ text: "c" })];
    await putAll(kept);
    const unknown = messageWith({ text: "never put" });
    const found = pageOf({ hashes: [...kept.slice(0, 2), unknown].map(({ hash }) => hash) });
    expect(hashes(found.messages).toSorted()).toEqual(hashes(kept.slice(0, 2)).toSorted());
  });

  test("removes what is too old", async () => {
    archive = new MessageArchive(":memory:", { maxAgeMs: 100, maxBytes: Number.POSITIVE_INFINITY });
    await putAll([102, 101, 100, 99].map((ageMs) => messageWith({ ageMs })));
    expect(archive.prune(NOW_MS)).toBe(2);
    expect(pageOf({}).messages.map(({ timestampNs }) => Number(BigInt(NOW_MS) - timestampNs / NS))).toEqual([100, 99]);
    expect(archive.prune(NOW_MS)).toBe(0);
  });

  test("removes the oldest of what is too much, and knows its bytes when it is opened again", async () => {
    const messages = Array.from({ length: 10 }, (_, ageMs) => messageWith({ ageMs, payload: new Uint8Array(1_000) }));
    const sizes = messages.map(({ bytes }) => bytes.length);
    archive = new MessageArchive(":memory:", { maxAgeMs: Number.POSITIVE_INFINITY, maxBytes: 5_500 });
    await putAll(messages);
    expect(archive.bytes).toBe(sizes.reduce((sum, size) => sum + size));
    expect(archive.prune(NOW_MS)).toBe(5);
    expect(archive.bytes).toBeLessThanOrEqual(5_500);
    expect(hashes(pageOf({}).messages)).toEqual(hashes(messages.slice(0, 5).toReversed()));
  });

  test("says when it does not know the cursor", () => {
    const cursor = messageWith({ text: "never put" }).hash;
    expect(archive.query({ direction: "forward", limit: 1, cursor })).toEqual({ kind: "unknown-cursor" });
  });

  test("ends a page before it outgrows what a light node accepts", async () => {
    const messages = Array.from({ length: 25 }, (_, ageMs) => messageWith({ ageMs, payload: new Uint8Array(150_000) }));
    await putAll(messages);
    const pages = pagesOf({ limit: 100 });
    expect(pages.map(({ length }) => length)).toEqual([20, 5]);
    expect(pages.flat()).toEqual(hashes(messages.toReversed()));
  });

  test("pages of any size hold everything once and in order, in both directions", async () => {
    // Few distinct times, so that the hash has to decide the order of equals.
    const ages = fc.array(fc.nat(3), { maxLength: 12 });
    const paged = fc.asyncProperty(ages, fc.integer({ min: 1, max: 5 }), async (ageMs, limit) => {
      archive.close();
      archive = new MessageArchive(":memory:");
      await putAll(ageMs.map((age, index) => messageWith({ ageMs: age, text: String(index) })));
      const all = hashes(pageOf({ limit: 100 }).messages);
      expect(all).toHaveLength(ageMs.length);
      expect(pagesOf({ limit }).flat()).toEqual(all);
      expect(pagesOf({ limit, direction: "backward" }).toReversed().flat()).toEqual(all);
    });
    await fc.assert(paged, { numRuns: 40 });
  });
});

describe("the archive file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "devnet-archive-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("keeps its messages when it is closed and opened again", async () => {
    const path = join(folder, "messages.sqlite");
    const first = new MessageArchive(path);
    const message = messageWith({ text: "durable" });
    await first.put(message);
    first.close();
    const second = new MessageArchive(path);
    expect(hashes(pageOf({}, second).messages)).toEqual([hexOf(message.hash)]);
    second.close();
  });

  test("writes what is pending when it is closed", async () => {
    const path = join(folder, "messages.sqlite");
    const first = new MessageArchive(path);
    const put = first.put(messageWith({ text: "pending" }));
    first.close();
    await (await put).durable;
    const second = new MessageArchive(path);
    expect(pageOf({}, second).messages).toHaveLength(1);
    second.close();
  });

  test("a message is there at once, and durable when the log that holds it is synced", async () => {
    const log = { synced: Promise.withResolvers<void>(), held: 0 };
    const openLog = () => ({
      synced: () => {
        log.held = pageOf({}, slow).messages.length;
        return log.synced.promise;
      },
      close: async () => {},
    });
    const slow = new MessageArchive(join(folder, "messages.sqlite"), undefined, openLog);
    const message = messageWith({ text: "slow" });
    const first = await slow.put(message);
    const again = await slow.put(message);
    expect({ held: log.held, first: first.isNew, again: again.isNew }).toEqual({ held: 1, first: true, again: false });
    const durable: string[] = [];
    void first.durable.then(() => durable.push("first"));
    void again.durable.then(() => durable.push("again"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(durable).toEqual([]);
    log.synced.resolve();
    await again.durable;
    expect(durable).toEqual(["first", "again"]);
    slow.close();
  });

  test("no message is durable where a sync fails", async () => {
    const openLog = () => ({ synced: () => Promise.reject(new Error("EIO")), close: async () => {} });
    const broken = new MessageArchive(join(folder, "messages.sqlite"), undefined, openLog);
    await expect((await broken.put(messageWith({ text: "lost" }))).durable).rejects.toThrow("EIO");
    broken.close();
  });

  test("has one owner", () => {
    const path = join(folder, "messages.sqlite");
    const owner = new MessageArchive(path);
    expect(() => new MessageArchive(path)).toThrow(expect.objectContaining({ code: "DATA_DIR_UNUSABLE" }));
    owner.close();
  });

  test("refuses a file that is no database", () => {
    expect(() => new MessageArchive(folder)).toThrow(expect.objectContaining({ code: "DATA_DIR_UNUSABLE" }));
  });
});
