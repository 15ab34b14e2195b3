/**
 * Something in every table of a store, and in what is sealed the word "hidden".
 * @module
 */
import type { SqliteStore } from "@chat/store-sqlite";

export function hidden(name: string): Uint8Array {
  return new TextEncoder().encode(`hidden-${name}`);
}

export async function fillAll(store: SqliteStore): Promise<void> {
  const common = {
    conversationId: "c1",
    direction: "incoming",
    status: "received",
    sentAtMs: 1,
    storedAtMs: 1,
  } as const;
  const record = { priority: "normal", length: 9, attempts: 0, submittedAtMs: 1 } as const;
  await store.write(({ messages, secrets }) => {
    messages.putConversation({ id: "c1", peer: "hidden-peer", createdAtMs: 1 });
    for (const number of [1, 2]) {
      messages.putMessage({ ...common, id: `m${number}`, content: hidden(`message-${number}`), lamport: number });
    }
    messages.putOutgoing({ sessionId: "s1", sdsId: "d1", messageId: "m1", bytes: hidden("outgoing") });
    const segment = { sessionId: "s1", setId: "set", index: 0, isParity: false, storedAtMs: 0 };
    messages.putSegment({ ...segment, bytes: hidden("segment") });
    messages.putHeld({ sessionId: "s1", sdsId: "d2", lamport: 1, bytes: hidden("held") });
    messages.putSdsState("s1", hidden("sds-state"));
    messages.putQuotaLedger(hidden("quota"));
    secrets.putIdentity(hidden("identity"));
    secrets.putSession({ id: "s1", conversationId: "visible-id", snapshot: hidden("session") });
    secrets.putInvite({ id: "i1", snapshot: hidden("invite") });
    secrets.putPeer({ id: "c1", snapshot: hidden("peer") });
  });
  await store.partialSets.add({
    setId: "hidden-set",
    sender: "hidden-sender",
    bytes: hidden("partial"),
    receivedAtMs: 1,
  });
  await store.partialSets.complete({ setId: "hidden-done", sender: "hidden-sender", completedAtMs: 1 });
  const ended = {
    id: "hidden-ended",
    endedAtMs: 1,
    outcome: { kind: "passed", slot: { epoch: 1, index: 0 } },
  } as const;
  await store.queue.commit([
    { kind: "put", record: { ...record, id: "hidden-queued", sequence: 1 }, bytes: hidden("queued") },
    { kind: "end", record: { ...ended, outcome: { ...ended.outcome, receipt: "hidden-receipt" } } },
    { kind: "ledger", ledger: { floor: 1, epochs: [] } },
  ]);
}
