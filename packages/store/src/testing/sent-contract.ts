/**
 * What a caller that was interrupted asks of a store: steps of outgoing messages since a number, and messages by key.
 * @module
 */
import { describe, expect, test } from "@jest/globals";
import type { Store, StoreTransaction } from "../store.ts";
import { incoming, outgoing } from "./records.ts";

export function describeSent(open: () => Promise<Store>): void {
  describe("what was sent", () => {
    test("the last step of each outgoing message comes in order, and once more with each step", async () => {
      await using store = await open();
      const { messages } = store;
      const changesAfter = async (after: number, limit = 9) => {
        const changes = await messages.statusChanges(after, limit);
        return changes.map(({ number, messageId, status }) => [number, messageId, status]);
      };
      await store.write((tx) => {
        putConversations(tx);
        for (const id of ["m1", "m2"]) tx.messages.putMessage(outgoing(id));
        tx.messages.putMessage(incoming("m3"));
        tx.messages.putMessage(outgoing("m4", { conversationId: "c2", status: "dropped" }));
      });
      const first = [
        [1, "m1", "queued"],
        [2, "m2", "queued"],
        [3, "m4", "dropped"],
      ];
      expect(await changesAfter(0)).toEqual(first);
      expect(await messages.statusChanges(2, 1)).toEqual([
        { number: 3, messageId: "m4", conversationId: "c2", status: "dropped" },
      ]);
      await store.write((tx) => {
        tx.messages.setStatus("m1", "sent");
        tx.messages.setStatus("m2", "delivered");
        tx.messages.setStatus("m1", "delivered");
        tx.messages.setStatus("m1", "sent"); // no step forward
        tx.messages.setStatus("m3", "sent"); // not an outgoing one
      });
      expect(await changesAfter(0, 2)).toEqual([
        [3, "m4", "dropped"],
        [5, "m2", "delivered"],
      ]);
      expect(await changesAfter(5)).toEqual([[6, "m1", "delivered"]]);
      expect(await changesAfter(6)).toEqual([]);
      expect(await messages.latest()).toEqual({ sequence: 4, statusChange: 6 });
      await expect(messages.statusChanges(0, 0)).rejects.toMatchObject({ code: "INVALID_OPTION" });
      await expect(messages.statusChanges(-1, 1)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    });

    test("numbers of steps grow over failed transactions and deletions", async () => {
      await using store = await open();
      const { messages } = store;
      expect(await messages.latest()).toEqual({ sequence: 0, statusChange: 0 });
      await store.write((tx) => {
        putConversations(tx);
        for (const id of ["m1", "m2", "m3"]) tx.messages.putMessage(outgoing(id));
      });
      const failing = store.write((tx) => {
        tx.messages.setStatus("m1", "sent");
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      await store.write((tx) => tx.messages.deleteMessage("m3", 1));
      expect(await messages.latest()).toEqual({ sequence: 2, statusChange: 2 });
      await store.write((tx) => {
        tx.messages.deleteConversation({ id: "c1", sessionIds: [], deletedAtMs: 1 });
        tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
        tx.messages.putMessage(outgoing("m5"));
      });
      expect(await messages.statusChanges(0, 9)).toMatchObject([{ number: 4, messageId: "m5" }]);
      await store.write((tx) => {
        tx.messages.deleteAll();
        tx.messages.putConversation({ id: "c1", peer: "p", createdAtMs: 1 });
        tx.messages.putMessage(outgoing("m6"));
      });
      expect(await messages.statusChanges(0, 9)).toMatchObject([{ number: 5, messageId: "m6" }]);
    });

    test("a key names the first message of its conversation that has it, as long as that is there", async () => {
      await using store = await open();
      const { messages } = store;
      await store.write((tx) => {
        putConversations(tx);
        tx.messages.putMessage(outgoing("m1", { key: "key" }));
        tx.messages.putMessage(outgoing("m2", { key: "key" }));
        tx.messages.putMessage(outgoing("m3", { key: "key", conversationId: "c2" }));
        tx.messages.putMessage(outgoing("m4", { key: "other" }));
      });
      const named = (key: string) =>
        Promise.all([messages.messageWithKey("c1", key), messages.messageWithKey("c2", key)]);
      expect(await named("key")).toEqual(["m1", "m3"]);
      expect(await named("other")).toEqual(["m4", undefined]);
      expect(await named("none")).toEqual([undefined, undefined]);
      await store.write((tx) => {
        tx.messages.deleteMessage("m1", 1);
        tx.messages.deleteConversation({ id: "c2", sessionIds: [], deletedAtMs: 1 });
      });
      expect(await named("key")).toEqual([undefined, undefined]);
      await store.write((tx) => tx.messages.putMessage(outgoing("m5", { key: "key" })));
      expect(await named("key")).toEqual(["m5", undefined]);
      await expect(
        store.write((tx) => tx.messages.putMessage({ ...incoming("m6"), key: "key" })),
      ).rejects.toMatchObject({ code: "INVALID_RECORD" });
    });
  });
}

function putConversations(tx: StoreTransaction): void {
  for (const id of ["c1", "c2"]) tx.messages.putConversation({ id, peer: "p", createdAtMs: 1 });
}
