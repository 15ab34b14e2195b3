/**
 * Everything a store answers about the ids of a random history, for comparing stores.
 * @module
 */
import type { MessageStatus, MessageStore, OutboxEntry, SegmentRecord } from "../messages.ts";
import type { Store } from "../store.ts";
import {
  CONTENT_TYPES,
  CONVERSATIONS,
  HANDSHAKES,
  INVITES,
  KEYS,
  MESSAGES,
  OUTBOX,
  QUERIES,
  SDS_IDS,
  SESSIONS,
  TOPICS,
} from "./history.ts";

const STATUSES: readonly MessageStatus[] = [
  ...(["queued", "sent", "delivered", "read", "failed", "cancelled", "dropped"] as const),
  "received",
];
const ALL = 1_000_000;

/** Plain data: two stores with the same content give values that are deeply equal. */
export async function snapshotOf({ messages, secrets }: Store): Promise<unknown> {
  const segments: SegmentRecord[] = [];
  for await (const segment of messages.segments()) segments.push(segment);
  const outbox: OutboxEntry[] = [];
  for await (const entry of messages.outbox()) outbox.push(entry);
  return {
    conversations: await messages.conversations(),
    pages: await byKey(CONVERSATIONS, (id) => messages.page(id, { limit: ALL })),
    messages: await byKey(MESSAGES, (id) => messages.message(id)),
    states: await byKey(MESSAGES, (id) => messages.messageState(id)),
    lists: await listsOf(messages),
    incoming: await messages.incomingAfter(0, ALL),
    statusChanges: await messages.statusChanges(0, ALL),
    latestChanges: await messages.statusChanges(3, 2),
    latest: await messages.latest(),
    keyed: await byKey(CONVERSATIONS, (id) => byKey(KEYS, (key) => messages.messageWithKey(id, key))),
    consumed: await messages.consumed(),
    outbox,
    payloads: await byKey(OUTBOX, (id) => messages.outboxPayload(id)),
    quotaLedger: await messages.quotaLedger(),
    pending: await byKey(MESSAGES, (id) => messages.pendingCount(id)),
    pendingIds: await byKey(MESSAGES, async (id) => (await messages.pendingIds(id)).sort()),
    outgoing: await byKey(SESSIONS, (session) => byKey(SDS_IDS, (sdsId) => messages.outgoing(session, sdsId))),
    known: await byKey(SESSIONS, async (session) => [...(await messages.knownSdsIds(session, SDS_IDS))].sort()),
    sdsStates: await byKey(SESSIONS, (session) => messages.sdsState(session)),
    held: await byKey(SESSIONS, (session) => byKey(SDS_IDS, (sdsId) => messages.held(session, sdsId))),
    segments,
    transfers: await messages.transfers(),
    refused: await byKey(MESSAGES, (id) => messages.isRefused(id)),
    readUntil: await byKey(CONVERSATIONS, (id) => messages.readUntil(id)),
    delivered: await byKey(CONVERSATIONS, (id) => messages.deliveredUntil(id, 3, 2)),
    cursors: await byKey(TOPICS, (topic) => messages.cursor(topic)),
    identity: await secrets.identity(),
    sessions: await secrets.sessions(),
    invites: await secrets.invites(),
    peers: await secrets.peers(),
    handshakes: await byKey(INVITES, (invite) => byKey(HANDSHAKES, (id) => secrets.hasHandshake(invite, id))),
  };
}

/** What a store that was opened with `historySearch` finds. */
export function searchesOf({ messages }: Store): Promise<unknown> {
  return byKey(QUERIES, async (query) => ({
    all: await messages.search(query, { limit: ALL }),
    some: await messages.search(query, { limit: 1, before: 9 }),
    ofOne: await messages.search(query, { limit: 2, conversationId: "c1" }),
  }));
}

async function listsOf(messages: MessageStore): Promise<unknown> {
  const [first] = await messages.conversationPage({ limit: 1 });
  const { sizeBytes, ...statistics } = await messages.statistics();
  return {
    statistics,
    conversations: await messages.conversationPage({ limit: ALL }),
    others: first && (await messages.conversationPage({ limit: 2, before: first.activity })),
    parts: await byKey(CONVERSATIONS, async (id) => {
      const at = { lamport: 2, id: "m3" };
      return {
        before: await messages.page(id, { limit: 2, before: at }),
        after: await messages.page(id, { limit: 2, after: at }),
        around: await messages.page(id, { limit: 3, around: at }),
        entries: await messages.entryPage(id, { limit: 3, around: at }),
      };
    }),
    withStatus: await byKey(STATUSES, async (status) => ({
      all: await messages.withStatus(status, { limit: ALL }),
      some: await messages.withStatus(status, { limit: 2, before: 9 }),
      ofOne: await messages.withStatus(status, { limit: 2, conversationId: "c1" }),
      entries: await messages.entriesWithStatus(status, { limit: 2, before: 9 }),
    })),
    withContentType: await byKey(CONTENT_TYPES, async (contentType) => ({
      all: await messages.withContentType(contentType, { limit: ALL }),
      some: await messages.withContentType(contentType, { limit: 2, before: 9 }),
      ofOne: await messages.withContentType(contentType, { limit: 2, conversationId: "c1" }),
    })),
    nextExpiry: await messages.nextExpiry(),
    expired: await messages.expired(2, 3),
  };
}

async function byKey<Key extends string, Value>(
  keys: readonly Key[],
  read: (key: Key) => Promise<Value>,
): Promise<Record<string, Value>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await read(key)] as const));
  return Object.fromEntries(entries);
}
