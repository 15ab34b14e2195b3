/**
 * The part of the contract about lists, pages, expiry and counts.
 * @module
 */
import { expect, test } from "@jest/globals";
import type { MessageRecord } from "../messages.ts";
import type { Store, StoreTransaction } from "../store.ts";
import { envelope, incoming, outgoing } from "./records.ts";

type Open = () => Promise<Store>;

export function describeQueries(open: Open): void {
  describeConversations(open);
  describePages(open);
  describeLists(open);
  describeExpiry(open);
}

function describeConversations(open: Open): void {
  test("conversations come by newest activity, page by page, with their last message", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const id of ["c1", "c2", "c3"]) putConversation(tx, id);
      tx.messages.putMessage(incoming("m1"));
      tx.messages.putMessage(outgoing("m2", { conversationId: "c2" }));
      tx.messages.putMessage(incoming("late", { lamport: 1 }));
      tx.messages.putConversation({ id: "c3", peer: "renamed", createdAtMs: 9 });
    });
    const [first, ...none] = await store.messages.conversationPage({ limit: 1 });
    expect(none).toEqual([]);
    expect(first).toMatchObject({ id: "c1", last: { id: "m1" } });
    const others = await store.messages.conversationPage({ limit: 5, before: first?.activity ?? 0 });
    expect(others.map(({ id, peer, last }) => [id, peer, last?.id])).toEqual([
      ["c2", "peer", "m2"],
      ["c3", "renamed", undefined],
    ]);
    expect(others[1]).not.toHaveProperty("last");
    await store.write((tx) => putConversation(tx, "c4"));
    expect((await store.messages.conversationPage({ limit: 9 })).map(({ id }) => id)).toEqual(["c4", "c1", "c2", "c3"]);
    await expect(store.messages.conversationPage({ limit: 0 })).rejects.toMatchObject(refused);
    await expect(store.messages.conversationPage({ limit: 1, before: -1 })).rejects.toMatchObject(refused);
  });

  test("what came after the read mark is unread, also if it was sent before", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      for (const id of ["m1", "m2", "m3"]) tx.messages.putMessage(incoming(id)); // sequences 1 to 3
      tx.messages.putMessage(outgoing("m4"));
    });
    expect(await unreadOf(store)).toEqual([3, 0]);
    await store.write((tx) => tx.messages.setRead("c1", 2));
    expect(await unreadOf(store)).toEqual([1, 2]);
    await store.write((tx) => tx.messages.setRead("c1", 4));
    await store.write((tx) => tx.messages.putMessage(incoming("late", { lamport: 1 })));
    expect(await unreadOf(store)).toEqual([1, 4]);
  });

  test("a read mark never goes back, and never covers what is still to come", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      for (const id of ["m1", "m2"]) tx.messages.putMessage(incoming(id));
      tx.messages.setRead("c1", 1_000);
      tx.messages.setRead("c1", 1);
      tx.messages.setRead("none", 1);
    });
    expect(await unreadOf(store)).toEqual([0, 2]);
    await store.write((tx) => tx.messages.putMessage(incoming("m3")));
    expect(await unreadOf(store)).toEqual([1, 2]);
  });

  test("statistics count messages by status, conversations and outbox rows", async () => {
    await using store = await open();
    const empty = { queued: 0, sent: 0, delivered: 0, read: 0, failed: 0, cancelled: 0, dropped: 0, received: 0 };
    const { sizeBytes, ...none } = await store.messages.statistics();
    expect(none).toEqual({ conversations: 0, messages: 0, messagesByStatus: empty, outbox: 0 });
    await store.write((tx) => {
      putConversation(tx, "c1");
      tx.messages.putMessage(incoming("m1", { storedAtMs: 7 }));
      tx.messages.putMessage(outgoing("m2", { storedAtMs: 8 }));
      tx.messages.putMessage(outgoing("m3", { storedAtMs: 6 }));
      tx.messages.setStatus("m3", "failed");
      tx.messages.putOutbox(envelope("o1"));
    });
    const { sizeBytes: later, ...some } = await store.messages.statistics();
    expect(some).toEqual({
      conversations: 1,
      messages: 3,
      messagesByStatus: { ...empty, received: 1, queued: 1, failed: 1 },
      outbox: 1,
      oldestStoredAtMs: 7,
      newestStoredAtMs: 6,
    });
    expect(later).toBeGreaterThanOrEqual(sizeBytes);
  });
}

function describePages(open: Open): void {
  test("pages go on in both directions, and stay what they are while messages arrive at either end", async () => {
    await using store = await open();
    const ids = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, "0")}`);
    await store.write((tx) => {
      putConversation(tx, "c1");
      putConversation(tx, "c2");
      ids.forEach((id, index) => {
        tx.messages.putMessage(incoming(id, { lamport: 100 + Math.floor(index / 2) }));
        tx.messages.putMessage(incoming(`other-${id}`, { conversationId: "c2", lamport: 100 }));
      });
    });
    const around = await store.messages.page("c1", { limit: 4, around: "m05" });
    expect(idsOf(around)).toEqual(ids.slice(3, 7));
    const seen = idsOf(around);
    for (let round = 0; round < 2; round++) {
      await store.write((tx) => {
        tx.messages.putMessage(incoming(`earlier-${round}`, { lamport: 1 }));
        tx.messages.putMessage(incoming(`later-${round}`, { lamport: 900 }));
      });
      seen.unshift(...idsOf(await store.messages.page("c1", { limit: round + 1, before: seen[0] ?? "" })));
      seen.push(...idsOf(await store.messages.page("c1", { limit: round + 2, after: seen.at(-1) ?? "" })));
    }
    expect(seen).toEqual(ids);
    expect(idsOf(await store.messages.page("c1", { limit: 9, after: "m11" }))).toEqual(["later-0", "later-1"]);
    expect(await store.messages.page("c1", { limit: 9, after: "later-1" })).toEqual([]);
  });

  test("a page around a message at an end is filled from the other side, if that is the newer one", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      for (let lamport = 0; lamport < 6; lamport++) tx.messages.putMessage(incoming(`m${lamport}`, { lamport }));
    });
    const around = async (id: string, limit: number) => idsOf(await store.messages.page("c1", { limit, around: id }));
    expect(await around("m0", 4)).toEqual(["m0", "m1", "m2", "m3"]);
    expect(await around("m5", 4)).toEqual(["m3", "m4", "m5"]);
    expect(await around("m3", 1)).toEqual(["m3"]);
    expect(await around("m3", 100)).toHaveLength(6);
  });

  test("from a record, pages go on although its message was deleted meanwhile", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      for (let lamport = 0; lamport < 5; lamport++) tx.messages.putMessage(incoming(`m${lamport}`, { lamport }));
    });
    const record = await store.messages.message("m2");
    if (record === undefined) throw new Error("m2: want a message, got none");
    await store.write((tx) => tx.messages.deleteMessage("m2", 1));
    expect(idsOf(await store.messages.page("c1", { limit: 9, before: record }))).toEqual(["m0", "m1"]);
    expect(idsOf(await store.messages.page("c1", { limit: 9, after: record }))).toEqual(["m3", "m4"]);
    expect(idsOf(await store.messages.page("c1", { limit: 2, around: record }))).toEqual(["m1", "m3"]);
    await expect(store.messages.page("c1", { limit: 9, before: "m2" })).rejects.toMatchObject(refused);
  });

  test("a page refuses two places to begin, and what is no place", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      tx.messages.putMessage(incoming("m1"));
    });
    const both = { limit: 1, before: "m1", after: "m1" };
    await expect(store.messages.page("c1", both)).rejects.toMatchObject(refused);
    const half = { limit: 1, around: { lamport: 0.5, id: "m1" } };
    await expect(store.messages.page("c1", half)).rejects.toMatchObject(refused);
    await expect(store.messages.page("c2", { limit: 1, after: "m1" })).rejects.toMatchObject(refused);
  });
}

function describeLists(open: Open): void {
  test("messages of a status come newest first, of all conversations or one, page by page", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const id of ["c1", "c2"]) putConversation(tx, id);
      for (let index = 1; index <= 6; index++) {
        tx.messages.putMessage(
          outgoing(`m${index}`, { conversationId: index % 2 === 0 ? "c2" : "c1", lamport: 9 - index }),
        );
      }
      tx.messages.setStatus("m3", "failed");
      tx.messages.putMessage(incoming("m7"));
    });
    const queued = async (options: { before?: number; conversationId?: string; limit: number }) =>
      idsOf(await store.messages.withStatus("queued", options));
    expect(await queued({ limit: 3 })).toEqual(["m6", "m5", "m4"]);
    expect(await queued({ limit: 3, before: 4 })).toEqual(["m2", "m1"]);
    expect(await queued({ limit: 9, conversationId: "c1" })).toEqual(["m5", "m1"]);
    expect(await queued({ limit: 9, conversationId: "c1", before: 5 })).toEqual(["m1"]);
    expect(await queued({ limit: 9, conversationId: "none" })).toEqual([]);
    expect(idsOf(await store.messages.withStatus("failed", { limit: 9 }))).toEqual(["m3"]);
    expect(idsOf(await store.messages.withStatus("received", { limit: 9 }))).toEqual(["m7"]);
    await expect(queued({ limit: 0 })).rejects.toMatchObject(refused);
    await expect(queued({ limit: 1, before: 0.5 })).rejects.toMatchObject(refused);
  });

  test("entries are what messages are, but for their contents", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const id of ["c1", "c2"]) putConversation(tx, id);
      for (let index = 1; index <= 6; index++) {
        const expiry = index === 4 && { expiresAtMs: 99 };
        tx.messages.putMessage(outgoing(`m${index}`, { conversationId: index % 2 === 0 ? "c2" : "c1", ...expiry }));
      }
      tx.messages.putMessage(incoming("m7"));
    });
    const { messages } = store;
    const withoutContent = ({ content: _, ...entry }: MessageRecord) => entry;
    for (const options of [{ limit: 9 }, { limit: 2, before: 5 }, { limit: 2, conversationId: "c2" }]) {
      const records = await messages.withStatus("queued", options);
      expect(records.length).toBeGreaterThan(1);
      expect(await messages.entriesWithStatus("queued", options)).toEqual(records.map(withoutContent));
    }
    for (const options of [
      { limit: 9 },
      { limit: 2, before: "m5" },
      { limit: 2, after: "m1" },
      { limit: 3, around: "m3" },
    ]) {
      const records = await messages.page("c1", options);
      expect(records.length).toBeGreaterThan(1);
      expect(await messages.entryPage("c1", options)).toEqual(records.map(withoutContent));
    }
    await expect(messages.entriesWithStatus("queued", { limit: 0 })).rejects.toMatchObject(refused);
    await expect(messages.entryPage("c1", { limit: 1, before: "none" })).rejects.toMatchObject(refused);
  });

  test("messages of a content type are found by it, which is not read back", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const id of ["c1", "c2"]) putConversation(tx, id);
      tx.messages.putMessage(incoming("m1", { contentType: "chat/text" }));
      tx.messages.putMessage(outgoing("m2", { contentType: "chat/text", conversationId: "c2" }));
      tx.messages.putMessage(incoming("m3", { contentType: "chat/image" }));
      tx.messages.putMessage(incoming("m4"));
    });
    const texts = await store.messages.withContentType("chat/text", { limit: 9 });
    expect(texts).toEqual([
      { ...outgoing("m2", { conversationId: "c2" }), sequence: 2 },
      { ...incoming("m1"), sequence: 1 },
    ]);
    expect(idsOf(await store.messages.withContentType("chat/text", { limit: 9, before: 2 }))).toEqual(["m1"]);
    expect(idsOf(await store.messages.withContentType("chat/text", { limit: 9, conversationId: "c2" }))).toEqual([
      "m2",
    ]);
    expect(await store.messages.withContentType("chat/video", { limit: 9 })).toEqual([]);
  });
}

function describeExpiry(open: Open): void {
  test("messages that disappear do so in the order of their time, and only when they are asked to", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      tx.messages.putMessage(incoming("m1", { expiresAtMs: 30 }));
      tx.messages.putMessage(incoming("m2"));
      tx.messages.putMessage(outgoing("m3", { expiresAtMs: 10 }));
      tx.messages.putMessage(incoming("m4", { expiresAtMs: 10 }));
    });
    expect((await store.messages.message("m1"))?.expiresAtMs).toBe(30);
    expect(await store.messages.nextExpiry()).toBe(10);
    expect(await store.messages.expired(29, 9)).toEqual([
      { id: "m3", conversationId: "c1", expiresAtMs: 10 },
      { id: "m4", conversationId: "c1", expiresAtMs: 10 },
    ]);
    expect(await store.messages.expired(9, 9)).toEqual([]);
    await store.write((tx) => tx.messages.deleteExpired(29, 1));
    expect(idsOf(await store.messages.page("c1", { limit: 9 }))).toEqual(["m1", "m2", "m4"]);
    await store.write((tx) => tx.messages.deleteExpired(30, 9));
    expect(idsOf(await store.messages.page("c1", { limit: 9 }))).toEqual(["m2"]);
    expect(await store.messages.nextExpiry()).toBeUndefined();
    await expect(store.messages.expired(1, 0)).rejects.toMatchObject(refused);
    await expect(store.messages.expired(-1, 1)).rejects.toMatchObject(refused);
  });

  test("a time that starts with reading is set later, and the earlier one stays", async () => {
    await using store = await open();
    await store.write((tx) => {
      putConversation(tx, "c1");
      tx.messages.putMessage(incoming("m1"));
      tx.messages.putMessage(incoming("m2", { expiresAtMs: 20 }));
    });
    await store.write((tx) => {
      tx.messages.setExpiry("m1", 15);
      tx.messages.setExpiry("m2", 25);
      tx.messages.setExpiry("none", 1);
    });
    await store.write((tx) => tx.messages.setExpiry("m1", 14));
    const times = ["m1", "m2"].map(async (id) => (await store.messages.message(id))?.expiresAtMs);
    expect(await Promise.all(times)).toEqual([14, 20]);
  });
}

const refused = { name: "StoreError", code: "INVALID_OPTION" };

function putConversation({ messages }: StoreTransaction, id: string): void {
  messages.putConversation({ id, peer: "peer", createdAtMs: 1 });
}

/** Of the conversation with the newest activity: how many are unread, and up to where it was read. */
async function unreadOf(store: Store): Promise<(number | undefined)[]> {
  const [first] = await store.messages.conversationPage({ limit: 1 });
  return [first?.unreadCount, first?.readSequence];
}

function idsOf(messages: readonly MessageRecord[]): string[] {
  return messages.map(({ id }) => id);
}
