/**
 * The part of the contract about deletion.
 * @module
 */
import { expect, test } from "@jest/globals";
import type { Store, StoreTransaction } from "../store.ts";
import { bytes, envelope, incoming, outgoing, segment } from "./records.ts";
import { snapshotOf } from "./snapshot.ts";

type Open = () => Promise<Store>;

export function describeDeletion(open: Open): void {
  test("a deleted message is in no list, and what has not left of it does not leave", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx, "1");
      tx.messages.deleteMessage("out1", 5);
      tx.messages.deleteMessage("none", 5);
    });
    expect(await store.messages.message("out1")).toBeUndefined();
    expect((await store.messages.page("c1", { limit: 9 })).map(({ id }) => id)).toEqual(["in1"]);
    expect(await store.messages.withStatus("queued", { limit: 9 })).toEqual([]);
    expect(await store.messages.withContentType("type", { limit: 9, conversationId: "c1" })).toHaveLength(1);
    expect(await store.messages.pendingCount("out1")).toBe(0);
    expect(await store.messages.outgoing("s1", "d1")).toBeUndefined();
    expect((await Array.fromAsync(store.messages.outbox())).map(({ id }) => id)).toEqual(["ack1"]);
    await store.write((tx) => tx.messages.deleteMessage("in1", 5));
    const [conversation] = await store.messages.conversationPage({ limit: 1 });
    expect(conversation).toMatchObject({ id: "c1", unreadCount: 0 });
    expect(conversation).not.toHaveProperty("last");
    expect(await store.messages.incomingAfter(0, 9)).toEqual([]);
  });

  test("a deleted message that was read does not make others read", async () => {
    await using store = await open();
    await store.write(({ messages }) => {
      messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 1 });
      for (const id of ["m1", "m2", "m3"]) messages.putMessage(incoming(id));
      messages.setRead("c1", 1);
      messages.deleteMessage("m1", 5);
    });
    expect((await store.messages.conversationPage({ limit: 1 }))[0]?.unreadCount).toBe(2);
    await store.write((tx) => tx.messages.deleteMessage("m3", 5));
    expect((await store.messages.conversationPage({ limit: 1 }))[0]?.unreadCount).toBe(1);
  });

  test("a deleted incoming message does not come back before that it was deleted is forgotten", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx, "1");
      tx.messages.deleteMessage("in1", 5);
      tx.messages.putMessage(incoming("in1"));
    });
    await store.write((tx) => {
      tx.messages.forgetDeleted(5);
      tx.messages.putMessage(incoming("in1"));
      tx.messages.putMessage(incoming("in1", { conversationId: "unknown" }));
    });
    expect(await store.messages.message("in1")).toBeUndefined();
    await store.write((tx) => {
      tx.messages.forgetDeleted(6);
      tx.messages.putMessage(incoming("in1"));
    });
    expect(await store.messages.message("in1")).toEqual({ ...incoming("in1"), sequence: 3 });
  });

  test("an outgoing message with the id of a deleted one is a new message", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx, "1");
      tx.messages.deleteMessage("out1", 5);
      tx.messages.putMessage(outgoing("out1"));
    });
    expect((await store.messages.message("out1"))?.sequence).toBe(3);
    expect(await store.messages.incomingAfter(0, 9)).toHaveLength(1);
  });

  test("a message that has expired and was deleted does not come back either", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx, "1");
      tx.messages.setExpiry("in1", 7);
      tx.messages.deleteExpired(8, 9);
      tx.messages.forgetDeleted(8);
      tx.messages.putMessage(incoming("in1"));
    });
    expect(await store.messages.message("in1")).toBeUndefined();
  });

  test("a deleted conversation leaves nothing, and others as they are", async () => {
    await using store = await open();
    await using other = await open();
    await store.write((tx) => {
      putChat(tx, "2");
      putChat(tx, "1");
    });
    await store.write((tx) => {
      tx.messages.deleteConversation({ id: "c1", sessionIds: ["s1"], deletedAtMs: 5 });
      tx.secrets.deleteSession("s1");
    });
    await other.write((tx) => putChat(tx, "2"));
    expect(await snapshotOf(store)).toEqual(await snapshotOf(other));
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 1 });
      tx.messages.putMessage(incoming("in1"));
      tx.messages.putMessage(incoming("new"));
    });
    expect(await store.messages.page("c1", { limit: 9 })).toEqual([{ ...incoming("new"), sequence: 5 }]);
    await store.write((tx) => tx.messages.deleteConversation({ id: "none", sessionIds: [], deletedAtMs: 5 }));
  });

  test("a deleted session takes along what it would send and what it knows; the messages stay", async () => {
    await using store = await open();
    await using other = await open();
    for (const each of [store, other]) await each.write((tx) => putChat(tx, "1"));
    const messages = await store.messages.page("c1", { limit: 9 });
    await store.write((tx) => tx.messages.deleteUnsent("s1"));
    await other.write((tx) => {
      tx.messages.deleteOutgoing("s1", "d1");
      for (const id of ["env1", "ack1"]) tx.messages.deleteOutbox(id);
    });
    expect(await snapshotOf(store)).toEqual(await snapshotOf(other));
    expect(await store.messages.outgoing("s1", "d1")).toBeUndefined();
    expect(await Array.fromAsync(store.messages.outbox())).toEqual([]);
    await store.write((tx) => tx.messages.deleteSession("s1"));
    expect(await store.messages.sdsState("s1")).toBeUndefined();
    expect(await store.messages.held("s1", "d2")).toBeUndefined();
    expect(await Array.fromAsync(store.messages.segments())).toEqual([]);
    expect(await store.messages.page("c1", { limit: 9 })).toEqual(messages);
  });

  test("parts and envelopes of a deleted conversation go even if their session was not named", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx, "1");
      tx.messages.deleteConversation({ id: "c1", sessionIds: [], deletedAtMs: 5 });
    });
    expect(await store.messages.outgoing("s1", "d1")).toBeUndefined();
    expect((await Array.fromAsync(store.messages.outbox())).map(({ id }) => id)).toEqual(["ack1"]);
  });

  test.each(["keep", "delete"] as const)(
    "everything is deleted but what must not come twice; identity: %s",
    async (identity) => {
      await using store = await open();
      await store.write((tx) => {
        putChat(tx, "1");
        tx.messages.setConsumed(1);
        tx.messages.putQuotaLedger(bytes(7));
        tx.messages.setCursor("/a", 5);
        tx.messages.deleteMessage("in1", 5);
        tx.secrets.putIdentity(bytes(1));
        tx.secrets.putInvite({ id: "i1", snapshot: bytes(1) });
        tx.secrets.addHandshake("i1", "h1");
      });
      await store.write((tx) => {
        tx.messages.deleteAll();
        tx.secrets.deleteAll({ identity });
      });
      await using empty = await open();
      await empty.write((tx) => {
        tx.messages.setConsumed(1);
        tx.messages.putQuotaLedger(bytes(7));
        if (identity === "keep") tx.secrets.putIdentity(bytes(1));
      });
      expect(await snapshotOf(store)).toEqual(await snapshotOf(empty));
      await store.write((tx) => {
        tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 1 });
        tx.messages.putMessage(incoming("in1"));
        if (identity === "delete") tx.secrets.putIdentity(bytes(2));
      });
      expect((await store.messages.message("in1"))?.sequence).toBe(3);
    },
  );

  test("a deletion that is taken back has deleted nothing", async () => {
    await using store = await open();
    await store.write((tx) => putChat(tx, "1"));
    const before = await snapshotOf(store);
    const write = store.write((tx) => {
      tx.messages.deleteMessage("out1", 5);
      tx.messages.deleteConversation({ id: "c1", sessionIds: ["s1"], deletedAtMs: 5 });
      tx.messages.deleteAll();
      tx.secrets.deleteAll({ identity: "delete" });
      throw new Error("no");
    });
    await expect(write).rejects.toThrow("no");
    expect(await snapshotOf(store)).toEqual(before);
  });
}

/** A conversation with a message each way and everything that a session keeps. */
function putChat({ messages, secrets }: StoreTransaction, name: string): void {
  const [conversationId, sessionId] = [`c${name}`, `s${name}`];
  messages.putConversation({ id: conversationId, peer: "peer", createdAtMs: 1 });
  messages.putMessage(incoming(`in${name}`, { conversationId, contentType: "type" }));
  messages.putMessage(outgoing(`out${name}`, { conversationId, contentType: "type" }));
  messages.putOutbox(envelope(`env${name}`, { sessionId, messageId: `out${name}` }));
  messages.putOutbox(envelope(`ack${name}`, { sessionId, purpose: "acknowledgement" }));
  messages.putOutgoing({ sessionId, sdsId: "d1", messageId: `out${name}`, bytes: bytes(1) });
  messages.logSdsId(sessionId, "d1", 1);
  messages.putSdsState(sessionId, bytes(2));
  messages.putHeld({ sessionId, sdsId: "d2", lamport: 2, bytes: bytes(4) });
  messages.putSegment(segment("set1", 0, { sessionId }));
  secrets.putSession({ id: sessionId, conversationId, snapshot: bytes(3) });
}
