/**
 * The contract of `Store` as a jest suite. An implementation's test file is little more than a call of it.
 * @module
 */
import { describe, expect, test } from "@jest/globals";
import type { OutboxEntry, OutboxRecord, OutgoingStatus, SegmentRecord } from "../messages.ts";
import type { SearchSettings } from "../queries.ts";
import type { Store, StoreTransaction } from "../store.ts";
import { describeDeletion } from "./deletion-contract.ts";
import { randomHistory } from "./history.ts";
import { describeLife } from "./life-contract.ts";
import { describeQueries } from "./queries-contract.ts";
import { bytes, envelope, incoming, outgoing, segment } from "./records.ts";
import { describeSearch } from "./search-contract.ts";
import { describeSent } from "./sent-contract.ts";
import { snapshotOf } from "./snapshot.ts";

/**
 * Declares the suite.
 *
 * @param name - of the implementation, for the test report
 * @param open - opens an empty store of its own at every call, with the search that it is given, if any; each test closes
 *   what it opened
 */
export function describeStoreContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of Store`, () => {
    describeTransactions(open);
    describeMessages(open);
    describeQueries(open);
    describeDeletion(open);
    describeLife(open);
    describeSent(open);
    describeSearch(open);
    describeDelivery(open);
    describeSecrets(open);
    describeRecords(open);
    describeClosing(open);
    describeHistories(open);
  });
}

export type OpenStore = (options?: { readonly search: SearchSettings }) => Promise<Store>;
type Open = () => Promise<Store>;

function describeTransactions(open: Open): void {
  test("a change that throws leaves nothing behind and rejects with its own error", async () => {
    await using store = await open();
    await store.write(putChat);
    const before = await snapshotOf(store);
    const failure = new Error("no");
    const write = store.write((tx) => {
      tx.messages.putMessage(incoming("m2"));
      tx.messages.setCursor("/a", 9);
      tx.secrets.putSession({ id: "s1", conversationId: "c1", snapshot: bytes(9) });
      tx.messages.deleteOutbox("o1");
      throw failure;
    });
    await expect(write).rejects.toBe(failure);
    expect(await snapshotOf(store)).toEqual(before);
  });

  test("of calls made together, those before and after a failing one are applied", async () => {
    await using store = await open();
    await store.write(putChat);
    const outcomes = await Promise.allSettled([
      store.write((tx) => tx.messages.setCursor("/a", 1)),
      store.write((tx) => {
        tx.messages.setCursor("/a", 2);
        tx.messages.setCursor("/b", 2);
        throw new Error("no");
      }),
      store.write((tx) => tx.messages.putMessage(incoming("m2"))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await store.messages.cursor("/a")).toBe(1);
    expect(await store.messages.cursor("/b")).toBeUndefined();
    expect(await store.messages.message("m2")).toBeDefined();
  });

  test("concurrent calls are applied in call order", async () => {
    await using store = await open();
    const order: number[] = [];
    const writes = Array.from({ length: 20 }, (_, index) =>
      store.write((tx) => {
        order.push(index);
        tx.messages.setCursor("/a", index);
      }),
    );
    await Promise.all(writes);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await store.messages.cursor("/a")).toBe(19);
  });

  test("a change does not run inside the call that takes it, and is seen once the promise has resolved", async () => {
    await using store = await open();
    let hasRun = false;
    const write = store.write((tx) => {
      hasRun = true;
      tx.messages.setCursor("/a", 1);
    });
    expect(hasRun).toBe(false);
    await write;
    expect(hasRun).toBe(true);
    expect(await store.messages.cursor("/a")).toBe(1);
  });

  test("a transaction is over when its change has returned", async () => {
    await using store = await open();
    let kept: StoreTransaction | undefined;
    await store.write((tx) => {
      kept = tx;
    });
    expect(() => kept?.messages.setCursor("/a", 1)).toThrow(expect.objectContaining({ code: "TRANSACTION_ENDED" }));
    expect(await store.messages.cursor("/a")).toBeUndefined();
  });

  test("an asynchronous change is refused and rolled back", async () => {
    await using store = await open();
    const write = store.write(async (tx) => {
      tx.messages.setCursor("/a", 1);
      await Promise.resolve();
      tx.messages.setCursor("/b", 1);
    });
    await expect(write).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await store.messages.cursor("/a")).toBeUndefined();
    expect(await store.messages.cursor("/b")).toBeUndefined();
  });

  test("an error of the transaction fails it even when the change catches it", async () => {
    await using store = await open();
    const write = store.write((tx) => {
      tx.messages.setCursor("/a", 1);
      try {
        tx.messages.putMessage(incoming("m1", { conversationId: "unknown" }));
      } catch {}
    });
    await expect(write).rejects.toMatchObject({ code: "INVALID_RECORD" });
    expect(await store.messages.cursor("/a")).toBeUndefined();
  });

  test("bytes are copied on the way in and on the way out", async () => {
    await using store = await open();
    const given = bytes(1, 2, 3);
    await store.write((tx) => {
      putChat(tx);
      tx.messages.putMessage(incoming("m2", { content: given }));
      tx.messages.putOutgoing({ sessionId: "s1", sdsId: "d1", messageId: "m1", bytes: given });
      tx.messages.putSdsState("s1", given);
      tx.secrets.putIdentity(given);
      given.fill(0);
    });
    const reads = [
      async () => (await store.messages.message("m2"))?.content,
      async () => (await store.messages.outgoing("s1", "d1"))?.bytes,
      () => store.messages.sdsState("s1"),
      () => store.secrets.identity(),
    ];
    for (const read of reads) {
      const first = await read();
      expect(first).toEqual(bytes(1, 2, 3));
      first?.fill(9);
      expect(await read()).toEqual(bytes(1, 2, 3));
    }
  });
}

function describeMessages(open: Open): void {
  test("conversations come in the order in which they were first put, each with its last content", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putConversation({ id: "z", peer: "p1", createdAtMs: 3 });
      tx.messages.putConversation({ id: "a", peer: "p2", createdAtMs: 1 });
      tx.messages.putConversation({ id: "z", peer: "p3", createdAtMs: 4 });
    });
    const last = { id: "z", peer: "p3", createdAtMs: 4 };
    expect(await store.messages.conversations()).toEqual([last, { id: "a", peer: "p2", createdAtMs: 1 }]);
    expect(await store.messages.conversation("z")).toEqual(last);
    expect(await store.messages.conversation("none")).toBeUndefined();
  });

  test("a message is read as it was put, and a second one with its id changes nothing", async () => {
    await using store = await open();
    await store.write(putChat);
    const record = { ...outgoing("m1"), sequence: 1 };
    expect(await store.messages.message("m1")).toEqual(record);
    await store.write((tx) => {
      tx.messages.putMessage(incoming("m1", { content: bytes(7) }));
      tx.messages.putMessage(incoming("m1", { conversationId: "unknown" }));
    });
    expect(await store.messages.message("m1")).toEqual(record);
    expect(await store.messages.message("none")).toBeUndefined();
  });

  test("sequences count all messages from 1 on, and replacing a conversation keeps its messages", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx);
      tx.messages.putConversation({ id: "c2", peer: "p", createdAtMs: 0 });
      tx.messages.putMessage(incoming("m2", { conversationId: "c2" }));
    });
    await expect(
      store.write((tx) => {
        tx.messages.putMessage(incoming("lost"));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "other", createdAtMs: 0 });
      tx.messages.putMessage(incoming("m2"));
      tx.messages.putMessage(incoming("m3"));
    });
    const sequences = ["m1", "m2", "m3"].map(async (id) => (await store.messages.message(id))?.sequence);
    expect(await Promise.all(sequences)).toEqual([1, 2, 3]);
  });

  const changes: [from: OutgoingStatus, wanted: OutgoingStatus, to: OutgoingStatus][] = [
    ["queued", "queued", "queued"],
    ["queued", "sent", "sent"],
    ["queued", "delivered", "delivered"],
    ["queued", "failed", "failed"],
    ["sent", "queued", "sent"],
    ["sent", "delivered", "delivered"],
    ["sent", "failed", "failed"],
    ["delivered", "queued", "delivered"],
    ["delivered", "sent", "delivered"],
    ["delivered", "failed", "delivered"],
    ["failed", "queued", "failed"],
    ["failed", "sent", "failed"],
    ["failed", "delivered", "delivered"],
    ["queued", "dropped", "dropped"],
    ["sent", "dropped", "sent"],
    ["dropped", "sent", "dropped"],
    ["dropped", "delivered", "dropped"],
  ];
  test.each(changes)("status %s, asked for %s, becomes %s", async (from, wanted, to) => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx);
      tx.messages.putMessage(outgoing("m2", { status: from }));
      tx.messages.setStatus("m2", wanted);
    });
    expect((await store.messages.message("m2"))?.status).toBe(to);
  });

  test("an incoming message stays received, and a status for an unknown message is ignored", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx);
      tx.messages.putMessage(incoming("m2"));
      tx.messages.setStatus("m2", "delivered");
      tx.messages.setStatus("none", "delivered");
    });
    expect((await store.messages.message("m2"))?.status).toBe("received");
    expect(await store.messages.message("none")).toBeUndefined();
  });

  test("a page is ordered by Lamport timestamp, then by id, whatever the order of arrival", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 0 });
      for (const [id, lamport] of [
        ["\u{1f600}", 2],
        ["b", 3],
        ["\u{ff5e}", 2],
        ["a", 3],
        ["z", 1],
      ] as const) {
        tx.messages.putMessage(incoming(id, { lamport }));
      }
    });
    const page = await store.messages.page("c1", { limit: 10 });
    expect(page.map(({ id }) => id)).toEqual(["z", "\u{ff5e}", "\u{1f600}", "a", "b"]);
  });

  test("pages walk back through a conversation and stay what they are while messages arrive", async () => {
    await using store = await open();
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 0 });
      tx.messages.putConversation({ id: "c2", peer: "p", createdAtMs: 0 });
      ids.forEach((id, lamport) => {
        tx.messages.putMessage(incoming(id, { lamport }));
        tx.messages.putMessage(incoming(`other-${id}`, { conversationId: "c2", lamport }));
      });
    });
    const seen: string[] = [];
    let before: string | undefined;
    for (let arrivals = 0; ; arrivals++) {
      const page = await store.messages.page("c1", { limit: 4, ...(before !== undefined && { before }) });
      if (page.length === 0) break;
      seen.unshift(...page.map(({ id }) => id));
      before = page[0]?.id;
      await store.write((tx) => tx.messages.putMessage(incoming(`new-${arrivals}`, { lamport: 100 + arrivals })));
    }
    expect(seen).toEqual(ids);
    expect(await store.messages.page("none", { limit: 4 })).toEqual([]);
  });

  test("a page refuses a limit below 1 and a start outside the conversation", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx);
      tx.messages.putConversation({ id: "c2", peer: "p", createdAtMs: 0 });
    });
    const refused = { code: "INVALID_OPTION" };
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      await expect(store.messages.page("c1", { limit })).rejects.toMatchObject(refused);
      await expect(store.messages.incomingAfter(0, limit)).rejects.toMatchObject(refused);
    }
    await expect(store.messages.page("c1", { limit: 1, before: "none" })).rejects.toMatchObject(refused);
    await expect(store.messages.page("c2", { limit: 1, before: "m1" })).rejects.toMatchObject(refused);
  });

  test("incoming messages are read on from a sequence, outgoing ones left out", async () => {
    await using store = await open();
    await store.write((tx) => {
      putChat(tx); // m1 is outgoing, sequence 1
      for (const id of ["m2", "m3", "m4"]) tx.messages.putMessage(incoming(id, { lamport: 0 }));
      tx.messages.putMessage(outgoing("m5"));
      tx.messages.putMessage(incoming("m6"));
    });
    const read = async (sequence: number, limit: number) =>
      (await store.messages.incomingAfter(sequence, limit)).map((message) => [message.id, message.sequence]);
    expect(await read(0, 2)).toEqual([
      ["m2", 2],
      ["m3", 3],
    ]);
    expect(await read(3, 10)).toEqual([
      ["m4", 4],
      ["m6", 6],
    ]);
    expect(await read(6, 10)).toEqual([]);
  });

  test("what the application has consumed starts at 0 and never goes back", async () => {
    await using store = await open();
    expect(await store.messages.consumed()).toBe(0);
    await store.write((tx) => tx.messages.setConsumed(5));
    await store.write((tx) => tx.messages.setConsumed(3));
    expect(await store.messages.consumed()).toBe(5);
  });
}

function describeDelivery(open: Open): void {
  test("the outbox is read oldest first, whatever the clocks said", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putOutbox(envelope("late", { createdAtMs: 9 }));
      tx.messages.putOutbox(envelope("early", { createdAtMs: 1 }));
      tx.messages.putOutbox(envelope("a", { createdAtMs: 5, purpose: "acknowledgement" }));
    });
    await store.write((tx) => tx.messages.deleteOutbox("late"));
    await store.write((tx) => tx.messages.putOutbox(envelope("late", { createdAtMs: 0 })));
    expect((await outboxOf(store)).map(({ id }) => id)).toEqual(["early", "a", "late"]);
  });

  test("an outbox of several pages is read in order while rows come and go", async () => {
    await using store = await open();
    const ids = Array.from({ length: 2_500 }, (_, index) => `row-${index}`);
    await store.write((tx) => {
      for (const id of ids) tx.messages.putOutbox(envelope(id));
    });
    const read: string[] = [];
    for await (const { id } of store.messages.outbox()) {
      read.push(id);
      if (id === "row-10") await store.write((tx) => tx.messages.deleteOutbox("row-2000"));
    }
    expect(read).toEqual(ids.filter((id) => id !== "row-2000"));
  });

  test("an outbox row is read as it was put, and a second one with its id changes nothing", async () => {
    await using store = await open();
    const bare = envelope("o1");
    const transmission = { epoch: 3, index: 0, attempts: 1, notBeforeMs: 5 };
    const full = envelope("o2", { messageId: "m1", timestampMs: 4, purpose: "retransmission", transmission });
    await store.write((tx) => {
      tx.messages.putOutbox(bare);
      tx.messages.putOutbox(full);
      tx.messages.putOutbox(envelope("o1", { topic: "/other" }));
    });
    expect(await outboxOf(store)).toEqual([bare, full].map(toEntry));
    expect(await store.messages.outboxPayload("o1")).toEqual(bare.payload);
    expect(await store.messages.outboxPayload("o3")).toBeUndefined();
  });

  test("how far an outbox row has come is replaced, and so is its priority", async () => {
    await using store = await open();
    await store.write(({ messages }) => {
      messages.putOutbox(envelope("o1"));
      messages.setTransmission("o1", { epoch: 1, index: 2, attempts: 3, notBeforeMs: 4 });
      messages.setTransmission("o1", { epoch: 2, index: 0, attempts: 4 });
      messages.setOutboxPriority("o1", "optional");
      messages.setTransmission("none", { epoch: 1, index: 2, attempts: 3 });
      messages.setOutboxPriority("none", "critical");
    });
    const now = envelope("o1", { priority: "optional", transmission: { epoch: 2, index: 0, attempts: 4 } });
    expect(await outboxOf(store)).toEqual([toEntry(now)]);
  });

  test("there is one quota ledger, the one that was put last", async () => {
    await using store = await open();
    expect(await store.messages.quotaLedger()).toBeUndefined();
    await store.write((tx) => tx.messages.putQuotaLedger(bytes(1)));
    await store.write((tx) => tx.messages.putQuotaLedger(bytes(2, 3)));
    expect(await store.messages.quotaLedger()).toEqual(bytes(2, 3));
  });

  test("the first timestamp of an outbox row is pinned", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putOutbox(envelope("o1"));
      tx.messages.putOutbox(envelope("o2", { timestampMs: 4 }));
      tx.messages.stampOutbox("none", 1);
    });
    await store.write((tx) => {
      tx.messages.stampOutbox("o1", 0);
      tx.messages.stampOutbox("o2", 5);
    });
    await store.write((tx) => tx.messages.stampOutbox("o1", 6));
    expect((await outboxOf(store)).map(({ timestampMs }) => timestampMs)).toEqual([0, 4]);
  });

  test("parts waiting for acknowledgement are counted per message", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const sdsId of ["d1", "d2"]) {
        tx.messages.putOutgoing({ sessionId: "s1", sdsId, messageId: "m1", bytes: bytes(1) });
      }
      tx.messages.putOutgoing({ sessionId: "s2", sdsId: "d1", messageId: "m2", bytes: bytes(2) });
    });
    expect(await store.messages.pendingCount("m1")).toBe(2);
    expect(await store.messages.pendingCount("m2")).toBe(1);
    await store.write((tx) => {
      tx.messages.deleteOutgoing("s1", "d1");
      tx.messages.deleteOutgoing("s1", "none");
    });
    expect(await store.messages.pendingCount("m1")).toBe(1);
    expect(await store.messages.outgoing("s1", "d1")).toBeUndefined();
    const rest = { sessionId: "s2", sdsId: "d1", messageId: "m2", bytes: bytes(2) };
    expect(await store.messages.outgoing("s2", "d1")).toEqual(rest);
  });

  test("SDS ids are known per session, and any number of them can be asked for at once", async () => {
    await using store = await open();
    const ids = Array.from({ length: 3_000 }, (_, index) => `id-${index}`);
    await store.write((tx) => {
      for (const id of ids.slice(0, 2_000)) tx.messages.logSdsId("s1", id, 1);
      tx.messages.logSdsId("s1", "id-0", 2);
      tx.messages.logSdsId("s2", "id-2999", 1);
    });
    expect(await store.messages.knownSdsIds("s1", ids)).toEqual(new Set(ids.slice(0, 2_000)));
    expect(await store.messages.knownSdsIds("s2", ids)).toEqual(new Set(["id-2999"]));
    expect(await store.messages.knownSdsIds("s2", [])).toEqual(new Set());
  });

  test("SDS state and cursors are the last ones put, per session and topic", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putSdsState("s1", bytes(1));
      tx.messages.putSdsState("s1", bytes());
      tx.messages.setCursor("/a", 5);
      tx.messages.setCursor("/a", 3);
    });
    expect(await store.messages.sdsState("s1")).toEqual(bytes());
    expect(await store.messages.sdsState("s2")).toBeUndefined();
    expect(await store.messages.cursor("/a")).toBe(3);
    expect(await store.messages.cursor("/b")).toBeUndefined();
  });

  test("what is held is kept by session and SDS id, as it was given, until it is deleted", async () => {
    await using store = await open();
    const { messages } = store;
    const record = { sessionId: "s1", sdsId: "d1", lamport: 7, bytes: bytes(1, 2, 3) };
    const given = record.bytes.slice();
    await store.write((tx) => {
      tx.messages.putHeld({ ...record, bytes: bytes(9) });
      tx.messages.putHeld({ ...record, bytes: given });
      tx.messages.putHeld({ ...record, sessionId: "s2", lamport: 8 });
    });
    given.fill(0);
    expect(await messages.held("s1", "d1")).toEqual(record);
    (await messages.held("s1", "d1"))?.bytes.fill(0);
    expect(await messages.held("s1", "d1")).toEqual(record);
    expect(await messages.held("s1", "d2")).toBeUndefined();
    const failed = store.write((tx) => {
      tx.messages.deleteHeld("s1", "d1");
      throw new Error("taken back");
    });
    await expect(failed).rejects.toThrow("taken back");
    expect(await messages.held("s1", "d1")).toEqual(record);
    await store.write((tx) => tx.messages.deleteHeld("s1", "d1"));
    expect(await messages.held("s1", "d1")).toBeUndefined();
    expect(await messages.held("s2", "d1")).toMatchObject({ lamport: 8 });
    await store.write((tx) => tx.messages.deleteAll());
    expect(await messages.held("s2", "d1")).toBeUndefined();
    for (const [field, wrong] of [
      ["sessionId", ""],
      ["sdsId", 1],
      ["lamport", 0.5],
      ["bytes", [1]],
    ] as const) {
      const put = store.write((tx) => tx.messages.putHeld({ ...record, [field]: wrong } as typeof record));
      await expect(put).rejects.toMatchObject({
        code: "INVALID_RECORD",
        message: expect.stringContaining(`held.${field}`),
      });
    }
  });

  test("segments are read in the order of arrival and deleted by set", async () => {
    await using store = await open();
    const first = segment("set1", 1);
    const parity = segment("set1", 1, { isParity: true, bytes: bytes(5) });
    const other = segment("set2", 0);
    const elsewhere = segment("set1", 0, { sessionId: "s2" });
    await store.write((tx) => {
      for (const record of [first, parity, other, elsewhere]) tx.messages.putSegment(record);
      tx.messages.putSegment({ ...first, bytes: bytes(8) });
    });
    expect(await segmentsOf(store)).toEqual([{ ...first, bytes: bytes(8) }, parity, other, elsewhere]);
    await store.write((tx) => tx.messages.deleteSegments("s1", "set1"));
    expect(await segmentsOf(store)).toEqual([other, elsewhere]);
  });

  test("reading segments goes on while sets come and go", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (let index = 0; index < 300; index++) {
        for (const setId of ["done", "partial"]) tx.messages.putSegment(segment(setId, index));
      }
    });
    const indexes: number[] = [];
    for await (const { setId, index } of store.messages.segments()) {
      if (setId !== "partial") continue;
      if (indexes.push(index) > 1) continue;
      await store.write((tx) => {
        tx.messages.deleteSegments("s1", "done");
        tx.messages.putSegment(segment("new", 0));
      });
    }
    expect(indexes).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });
}

function describeSecrets(open: Open): void {
  test("the identity is put once; the same bytes again change nothing, others are refused", async () => {
    await using store = await open();
    expect(await store.secrets.identity()).toBeUndefined();
    await store.write((tx) => tx.secrets.putIdentity(bytes(1, 2)));
    await store.write((tx) => tx.secrets.putIdentity(bytes(1, 2)));
    const replaced = store.write((tx) => tx.secrets.putIdentity(bytes(1, 3)));
    await expect(replaced).rejects.toMatchObject({ name: "StoreError", code: "IDENTITY_EXISTS" });
    expect(await store.secrets.identity()).toEqual(bytes(1, 2));
  });

  test("sessions are put, replaced and deleted", async () => {
    await using store = await open();
    const record = (id: string, value: number) => ({ id, conversationId: "c1", snapshot: bytes(value) });
    await store.write((tx) => {
      for (const id of ["s2", "s1", "s3"]) tx.secrets.putSession(record(id, 1));
      tx.secrets.putSession(record("s2", 2));
      tx.secrets.deleteSession("s1");
      tx.secrets.deleteSession("none");
    });
    expect(await store.secrets.sessions()).toEqual([record("s2", 2), record("s3", 1)]);
  });

  test("peers are put, replaced and deleted, and go with everything else", async () => {
    await using store = await open();
    await store.write((tx) => {
      for (const id of ["c2", "c1", "c3"]) tx.secrets.putPeer({ id, snapshot: bytes(1) });
      tx.secrets.putPeer({ id: "c2", snapshot: bytes(2) });
      tx.secrets.deletePeer("c1");
      tx.secrets.deletePeer("none");
    });
    const left = [
      { id: "c2", snapshot: bytes(2) },
      { id: "c3", snapshot: bytes(1) },
    ];
    expect(await store.secrets.peers()).toEqual(left);
    await store.write((tx) => tx.secrets.deleteAll({ identity: "keep" }));
    expect(await store.secrets.peers()).toEqual([]);
  });

  test("an invite keeps its handshakes when replaced and takes them along when deleted", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.secrets.putInvite({ id: "i1", snapshot: bytes(1) });
      tx.secrets.putInvite({ id: "i2", snapshot: bytes(2) });
      tx.secrets.addHandshake("i1", "h1");
      tx.secrets.addHandshake("i1", "h1");
      tx.secrets.addHandshake("i2", "h1");
      tx.secrets.putInvite({ id: "i1", snapshot: bytes(3) });
    });
    expect(await store.secrets.invites()).toEqual([
      { id: "i1", snapshot: bytes(3) },
      { id: "i2", snapshot: bytes(2) },
    ]);
    expect(await store.secrets.hasHandshake("i1", "h1")).toBe(true);
    expect(await store.secrets.hasHandshake("i1", "h2")).toBe(false);
    await store.write((tx) => tx.secrets.deleteInvite("i1"));
    await store.write((tx) => tx.secrets.putInvite({ id: "i1", snapshot: bytes(4) }));
    expect(await store.secrets.hasHandshake("i1", "h1")).toBe(false);
    expect(await store.secrets.hasHandshake("i2", "h1")).toBe(true);
  });
}

function describeRecords(open: Open): void {
  const refused: [why: string, change: (tx: StoreTransaction) => void][] = [
    [
      "a message of an unknown conversation",
      ({ messages }) => messages.putMessage(incoming("m2", { conversationId: "c9" })),
    ],
    ["a handshake of an unknown invite", ({ secrets }) => secrets.addHandshake("i9", "h1")],
    ["an incoming message that is queued", ({ messages }) => messages.putMessage(incoming("m2", { status: "queued" }))],
    [
      "an outgoing message that is received",
      ({ messages }) => messages.putMessage(outgoing("m2", { status: "received" })),
    ],
    ["an empty id", ({ messages }) => messages.putConversation({ id: "", peer: "p", createdAtMs: 0 })],
    ["an id that is too long", ({ messages }) => messages.logSdsId("s1", "x".repeat(1025), 1)],
    ["an id that is not well-formed Unicode", ({ messages }) => messages.setCursor("\ud800", 1)],
    ["a negative time", ({ messages }) => messages.setCursor("/a", -1)],
    ["a fraction of a millisecond", ({ messages }) => messages.stampOutbox("o1", 0.5)],
    [
      "a fraction of a pause",
      ({ messages }) => messages.setTransmission("o1", { epoch: 1, index: 0, attempts: 1, notBeforeMs: 0.5 }),
    ],
    [
      "a Lamport timestamp that is not exact",
      ({ messages }) => messages.putMessage(incoming("m2", { lamport: 2 ** 53 })),
    ],
  ];
  test.each(refused)("%s is refused", async (_why, change) => {
    await using store = await open();
    await store.write(putChat);
    const before = await snapshotOf(store);
    await expect(store.write(change)).rejects.toMatchObject({ name: "StoreError", code: "INVALID_RECORD" });
    expect(await snapshotOf(store)).toEqual(before);
  });

  test("ids, numbers and bytes at the edge of what is allowed are kept exactly", async () => {
    await using store = await open();
    const id = `' "\0\n\u{1f600}${"x".repeat(1000)}`;
    const edges = { lamport: Number.MAX_SAFE_INTEGER, sentAtMs: 0, content: bytes() };
    await store.write((tx) => {
      tx.messages.putConversation({ id, peer: id, createdAtMs: Number.MAX_SAFE_INTEGER });
      tx.messages.putMessage(incoming(id, { conversationId: id, ...edges }));
      tx.messages.logSdsId(id, id, 0);
    });
    expect(await store.messages.page(id, { limit: 1 })).toEqual([
      { ...incoming(id, { conversationId: id, ...edges }), sequence: 1 },
    ]);
    expect(await store.messages.knownSdsIds(id, [id, "'"])).toEqual(new Set([id]));
  });
}

function describeClosing(open: Open): void {
  test("closing waits for the writes under way, and every later call is refused", async () => {
    const store = await open();
    const iterator = store.messages.segments()[Symbol.asyncIterator]();
    let isWritten = false;
    const write = store
      .write((tx) => tx.messages.setCursor("/a", 1))
      .then(() => {
        isWritten = true;
      });
    const closing = store.close();
    const closed = { name: "StoreError", code: "CLOSED" };
    await expect(store.write(() => {})).rejects.toMatchObject(closed);
    await closing;
    expect(isWritten).toBe(true);
    await write;
    await store.close();
    await expect(store.messages.cursor("/a")).rejects.toMatchObject(closed);
    await expect(store.secrets.identity()).rejects.toMatchObject(closed);
    await expect(iterator.next()).rejects.toMatchObject(closed);
    await expect(store.write(() => {})).rejects.toMatchObject(closed);
  });
}

function describeHistories(open: Open): void {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("in random history %i, failing transactions leave no trace", async (seed) => {
    await using store = await open();
    await using spared = await open();
    const steps = randomHistory(seed, 60);
    for (let start = 0; start < steps.length; start += 5) {
      const burst = steps.slice(start, start + 5);
      const outcomes = await Promise.allSettled(burst.map(({ change }) => store.write(change)));
      burst.forEach(({ fails }, index) => {
        if (fails) expect(outcomes[index]?.status).toBe("rejected");
      });
      const succeeded = burst.filter((_, index) => outcomes[index]?.status === "fulfilled");
      for (const { change } of succeeded) await spared.write(change);
      expect(await snapshotOf(store)).toEqual(await snapshotOf(spared));
    }
  });
}

/** A conversation, an outgoing message, its envelope and a session. */
function putChat(tx: StoreTransaction): void {
  tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 1 });
  tx.messages.putMessage(outgoing("m1"));
  tx.messages.putOutbox(envelope("o1", { messageId: "m1" }));
  tx.messages.putOutbox(envelope("o2"));
  tx.secrets.putSession({ id: "s1", conversationId: "c1", snapshot: bytes(1) });
}

function toEntry({ payload, ...entry }: OutboxRecord): OutboxEntry {
  return { ...entry, length: payload.length };
}

async function outboxOf(store: Store): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for await (const entry of store.messages.outbox()) entries.push(entry);
  return entries;
}

async function segmentsOf(store: Store): Promise<SegmentRecord[]> {
  const records: SegmentRecord[] = [];
  for await (const record of store.messages.segments()) records.push(record);
  return records;
}
