/**
 * The part of the contract about how far messages come: transfers, what is taken back or refused, what is read.
 * @module
 */
import { expect, test } from "@jest/globals";
import type { TransferRecord } from "../messages.ts";
import type { Store } from "../store.ts";
import { envelope, incoming, outgoing } from "./records.ts";

type Open = () => Promise<Store>;

const TRANSFER: TransferRecord = {
  ...{ messageId: "m1", sessionId: "s1", length: 20, segmentSize: 9, total: 3, made: 1 },
  isPaused: false,
};

export function describeLife(open: Open): void {
  test("a transfer is replaced by message, and goes with its message, its session and its conversation", async () => {
    await using store = await open();
    const { messages } = store;
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
      for (const id of ["m1", "m2", "m3", "m4"]) {
        tx.messages.putMessage(outgoing(id));
        tx.messages.putTransfer({ ...TRANSFER, messageId: id, sessionId: id === "m3" ? "s2" : "s1" });
      }
      tx.messages.putTransfer({ ...TRANSFER, made: 2, after: "d1", isPaused: true });
    });
    const idsLeft = async () => (await messages.transfers()).map(({ messageId }) => messageId);
    expect((await messages.transfers())[0]).toEqual({ ...TRANSFER, made: 2, after: "d1", isPaused: true });
    await store.write((tx) => tx.messages.deleteTransfer("m4"));
    expect(await idsLeft()).toEqual(["m1", "m2", "m3"]);
    await store.write((tx) => tx.messages.deleteMessage("m1", 1));
    expect(await idsLeft()).toEqual(["m2", "m3"]);
    await store.write((tx) => tx.messages.deleteUnsent("s2"));
    expect(await idsLeft()).toEqual(["m2"]);
    await store.write((tx) => tx.messages.deleteConversation({ id: "c1", sessionIds: [], deletedAtMs: 1 }));
    expect(await idsLeft()).toEqual([]);
  });

  test("a transfer has no more parts made than there are", async () => {
    await using store = await open();
    const put = store.write((tx) => tx.messages.putTransfer({ ...TRANSFER, made: 4 }));
    await expect(put).rejects.toMatchObject({ code: "INVALID_RECORD" });
    expect(await store.messages.transfers()).toEqual([]);
  });

  test("what a message would still send is taken back, and the message stays", async () => {
    await using store = await open();
    const { messages } = store;
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
      for (const id of ["m1", "m2"]) {
        tx.messages.putMessage(outgoing(id));
        tx.messages.putTransfer({ ...TRANSFER, messageId: id });
        tx.messages.putOutbox(envelope(`o-${id}`, { messageId: id }));
        tx.messages.putOutgoing({ sessionId: "s1", sdsId: id, messageId: id, bytes: Uint8Array.of(1) });
      }
      tx.messages.deleteParts("m1");
    });
    expect((await messages.transfers()).map(({ messageId }) => messageId)).toEqual(["m2"]);
    expect([await messages.pendingCount("m1"), await messages.pendingCount("m2")]).toEqual([0, 1]);
    expect([await messages.pendingIds("m1"), await messages.pendingIds("m2")]).toEqual([[], ["m2"]]);
    expect([await messages.outboxPayload("o-m1"), await messages.outboxPayload("o-m2")]).toEqual([
      undefined,
      expect.any(Uint8Array),
    ]);
    expect(await messages.message("m1")).toMatchObject({ status: "queued" });
    const state = { conversationId: "c1", direction: "outgoing", status: "queued", lamport: 3 };
    expect([await messages.messageState("m1"), await messages.messageState("none")]).toEqual([state, undefined]);
  });

  test("what is refused stays away until that is forgotten", async () => {
    await using store = await open();
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
      tx.messages.refuse("m1", 5);
      tx.messages.putMessage(incoming("m1"));
    });
    expect(await store.messages.message("m1")).toBeUndefined();
    expect([await store.messages.isRefused("m1"), await store.messages.isRefused("m2")]).toEqual([true, false]);
    await store.write((tx) => tx.messages.forgetDeleted(6));
    expect(await store.messages.isRefused("m1")).toBe(false);
  });

  test("everything is read up to the message before which nothing is unread", async () => {
    await using store = await open();
    const { messages } = store;
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
      for (const [index, id] of ["m1", "m2", "m3"].entries())
        tx.messages.putMessage(incoming(id, { lamport: 10 + index }));
      tx.messages.putMessage(outgoing("m4", { lamport: 20 }));
    });
    expect(await messages.readUntil("c1")).toBeUndefined();
    expect(await messages.readUntil("unknown")).toBeUndefined();
    await store.write((tx) => tx.messages.setRead("c1", 2));
    expect(await messages.readUntil("c1")).toEqual({ lamport: 11, id: "m2" });
    // It comes late, and stands before what was read.
    await store.write((tx) => tx.messages.putMessage(incoming("late", { lamport: 11 })));
    expect(await messages.readUntil("c1")).toEqual({ lamport: 10, id: "m1" });
    await store.write((tx) => tx.messages.setRead("c1", 99));
    expect(await messages.readUntil("c1")).toEqual({ lamport: 12, id: "m3" });
  });

  test("what is delivered up to a time is listed once, and read it is no more", async () => {
    await using store = await open();
    const { messages } = store;
    await store.write((tx) => {
      tx.messages.putConversation({ id: "c1", peer: "peer", createdAtMs: 0 });
      for (const [index, id] of ["m1", "m2", "m3", "m4"].entries()) {
        tx.messages.putMessage(outgoing(id, { lamport: 10 + index }));
        if (index !== 1) tx.messages.setStatus(id, "delivered");
      }
    });
    expect(await messages.deliveredUntil("c1", 12, 9)).toEqual(["m1", "m3"]);
    expect(await messages.deliveredUntil("c1", 12, 1)).toEqual(["m1"]);
    expect(await messages.deliveredUntil("unknown", 12, 9)).toEqual([]);
    await store.write((tx) => {
      tx.messages.setStatus("m1", "read");
      tx.messages.setStatus("m1", "delivered");
    });
    expect(await messages.message("m1")).toMatchObject({ status: "read" });
    expect(await messages.deliveredUntil("c1", 12, 9)).toEqual(["m3"]);
    await expect(messages.deliveredUntil("c1", 12, 0)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
}
