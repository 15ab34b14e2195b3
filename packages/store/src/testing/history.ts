/**
 * Random histories of a store for property tests, over few ids so that records meet. Equal seeds give equal
 * histories, on every machine.
 * @module
 */
import type { MessageRecord, OutboxPriority, OutgoingStatus } from "../messages.ts";
import type { SearchSettings } from "../queries.ts";
import type { StoreTransaction } from "../store.ts";

export const CONVERSATIONS = ["c1", "c2", "c3"];
/** The last two sort differently by UTF-16 units and by code points. */
export const MESSAGES = ["m1", "m2", "m3", "m4", "m5", "m\u{ff5e}", "m\u{1f600}"];
export const SESSIONS = ["s1", "s2"];
export const SDS_IDS = ["d1", "d2", "d3"];
export const SETS = ["set1", "set2"];
export const TOPICS = ["/a", "/b"];
export const INVITES = ["i1", "i2"];
export const HANDSHAKES = ["h1", "h2"];
export const OUTBOX = ["o1", "o2", "o3", "o4"];
export const CONTENT_TYPES = ["domain/a", "domain/b"];
export const KEYS = ["k1", "k2"];
/** For searches of what {@link historySearch} makes of the messages. */
export const QUERIES = ["", "?", "o", "ol", "old", "ÕLD gu", "中", "国人", "new old", "m"];
const WORDS = ["Öld", "gulls", "newer", "中国人", "한국의"];
const STATUSES: readonly OutgoingStatus[] = ["queued", "sent", "delivered", "read", "failed", "cancelled", "dropped"];
const PRIORITIES: readonly OutboxPriority[] = ["critical", "normal", "optional"];
const PURPOSES = ["content", "acknowledgement", "retransmission", "signal"] as const;

/** One transaction. Those with `fails` throw after their last command; others may still be refused by the store. */
export type Step = { readonly fails: boolean; readonly change: (tx: StoreTransaction) => void };

/** Stands for the text of a message of the history: a few words, chosen by its bytes. */
export const historySearch: SearchSettings = {
  textOf: ({ content }: MessageRecord) => {
    return content.length === 0 ? undefined : Array.from(content, (byte) => WORDS[byte % WORDS.length]).join(", ");
  },
};

/** A history of `length` transactions with 1 to 6 commands each; about every fourth fails. */
export function randomHistory(seed: number, length: number): Step[] {
  const below = randomBelow(seed);
  return Array.from({ length }, () => {
    const commands = Array.from({ length: 1 + below(6) }, () => randomCommand(below));
    const fails = below(4) === 0;
    const change = (tx: StoreTransaction) => {
      for (const command of commands) command(tx);
      if (fails) throw new Error("the history wants this transaction to fail");
    };
    return { fails, change };
  });
}

type Below = (bound: number) => number;
type Command = (tx: StoreTransaction) => void;

/** Every random choice is made here, none in the command: a command does the same wherever it runs. */
function randomCommand(below: Below): Command {
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error("pick: want a list with an element, got an empty one");
    return value;
  };
  const bytes = Uint8Array.from({ length: below(4) }, () => below(256));
  const number = below(5);
  const conversationId = pick(CONVERSATIONS);
  const messageId = pick(MESSAGES);
  const sessionId = pick(SESSIONS);
  const sdsId = pick(SDS_IDS);
  const setId = pick(SETS);
  const topic = pick(TOPICS);
  const inviteId = pick(INVITES);
  const outboxId = pick(OUTBOX);
  const status = pick(STATUSES);
  const purpose = pick(PURPOSES);
  const priority = pick(PRIORITIES);
  const handshakeId = pick(HANDSHAKES);
  const contentType = pick(CONTENT_TYPES);
  const key = pick(KEYS);
  const isChosen = below(2) === 0;
  const times = { lamport: number, sentAtMs: number, storedAtMs: below(9), ...(isChosen && { expiresAtMs: number }) };
  const message = { id: messageId, conversationId, content: bytes, ...times, ...(number < 3 && { contentType }) };
  const commands: readonly Command[] = [
    ({ messages }) => messages.putConversation({ id: conversationId, peer: topic, createdAtMs: number }),
    ({ messages }) => {
      // Put first, so that histories do not consist of refused messages.
      messages.putConversation({ id: conversationId, peer: topic, createdAtMs: number });
      messages.putMessage({ ...message, direction: "incoming", status: "received" });
    },
    ({ messages }) => {
      messages.putConversation({ id: conversationId, peer: topic, createdAtMs: number });
      messages.putMessage({ ...message, direction: "outgoing", status, ...(isChosen && { key }) });
    },
    ({ messages }) => messages.putMessage({ ...message, direction: "outgoing", status: "queued" }),
    ({ messages }) => messages.setStatus(messageId, status),
    ({ messages }) => messages.setConsumed(number),
    ({ messages }) => messages.setRead(conversationId, number * 9),
    ({ messages }) => messages.setExpiry(messageId, number),
    ({ messages }) => messages.deleteMessage(messageId, number),
    ({ messages }) => messages.deleteExpired(number, 2),
    ({ messages }) => messages.forgetDeleted(number),
    ({ messages }) => messages.deleteSession(sessionId),
    ({ messages }) => messages.deleteUnsent(sessionId),
    ({ messages }) => messages.deleteConversation({ id: conversationId, sessionIds: [sessionId], deletedAtMs: number }),
    ({ messages, secrets }) => {
      if (number > 0)
        messages.deleteMessage(messageId, number); // or no history would get far
      else {
        messages.deleteAll();
        secrets.deleteAll({ identity: isChosen ? "keep" : "delete" });
      }
    },
    ({ messages }) =>
      messages.putOutbox({
        id: outboxId,
        sessionId,
        ...(isChosen && { messageId }),
        topic,
        payload: bytes,
        priority,
        ...(number === 0 && { timestampMs: 7 }),
        createdAtMs: number,
        purpose,
      }),
    ({ messages }) => messages.stampOutbox(outboxId, number),
    ({ messages }) => messages.setTransmission(outboxId, { epoch: number, index: number, attempts: 1 }),
    ({ messages }) => messages.setOutboxPriority(outboxId, priority),
    ({ messages }) => messages.deleteOutbox(outboxId),
    ({ messages }) => messages.putQuotaLedger(bytes),
    ({ messages }) => messages.putOutgoing({ sessionId, sdsId, messageId, bytes }),
    ({ messages }) => messages.deleteOutgoing(sessionId, sdsId),
    ({ messages }) => messages.logSdsId(sessionId, sdsId, number),
    ({ messages }) => messages.putSdsState(sessionId, bytes),
    ({ messages }) =>
      messages.putSegment({
        sessionId,
        setId,
        index: number,
        isParity: isChosen,
        bytes,
        storedAtMs: number,
        ...(number > 1 && { lamport: number }),
      }),
    ({ messages }) => messages.deleteSegments(sessionId, setId),
    ({ messages }) => messages.putHeld({ sessionId, sdsId, lamport: number, bytes }),
    ({ messages }) => messages.deleteHeld(sessionId, sdsId),
    ({ messages }) => messages.setCursor(topic, number),
    ({ messages }) => {
      const parts = {
        length: number,
        segmentSize: number,
        total: number,
        made: Math.floor(number / 2),
        ...(isChosen && { after: sdsId }),
      };
      messages.putTransfer({ messageId, sessionId, ...parts, isPaused: isChosen });
    },
    ({ messages }) => messages.deleteTransfer(messageId),
    ({ messages }) => messages.deleteParts(messageId),
    ({ messages }) => messages.refuse(messageId, number),
    ({ secrets }) => secrets.putIdentity(Uint8Array.of(1, 2, 3)),
    ({ secrets }) => secrets.putIdentity(Uint8Array.of(number)),
    ({ secrets }) => secrets.putSession({ id: sessionId, conversationId, snapshot: bytes }),
    ({ secrets }) => secrets.deleteSession(sessionId),
    ({ secrets }) => secrets.putInvite({ id: inviteId, snapshot: bytes }),
    ({ secrets }) => secrets.deleteInvite(inviteId),
    ({ secrets }) => secrets.putPeer({ id: conversationId, snapshot: bytes }),
    ({ secrets }) => secrets.deletePeer(conversationId),
    ({ secrets }) => {
      secrets.putInvite({ id: inviteId, snapshot: bytes });
      secrets.addHandshake(inviteId, handshakeId);
    },
    ({ secrets }) => secrets.addHandshake(inviteId, handshakeId),
  ];
  return pick(commands);
}

/** mulberry32: small, and good enough to choose test commands. */
function randomBelow(seed: number): Below {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}
