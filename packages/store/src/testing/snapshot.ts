/**
 * Everything a store answers about the ids of a random history, for comparing stores.
 * @module
 */
import type { OutboxEntry, SegmentRecord } from "../messages.ts";
import type { Store } from "../store.ts";
import { CONVERSATIONS, HANDSHAKES, INVITES, MESSAGES, OUTBOX, SDS_IDS, SESSIONS, TOPICS } from "./history.ts";

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
    incoming: await messages.incomingAfter(0, ALL),
    consumed: await messages.consumed(),
    outbox,
    payloads: await byKey(OUTBOX, (id) => messages.outboxPayload(id)),
    quotaLedger: await messages.quotaLedger(),
    pending: await byKey(MESSAGES, (id) => messages.pendingCount(id)),
    outgoing: await byKey(SESSIONS, (session) => byKey(SDS_IDS, (sdsId) => messages.outgoing(session, sdsId))),
    known: await byKey(SESSIONS, async (session) => [...(await messages.knownSdsIds(session, SDS_IDS))].sort()),
    sdsStates: await byKey(SESSIONS, (session) => messages.sdsState(session)),
    segments,
    cursors: await byKey(TOPICS, (topic) => messages.cursor(topic)),
    identity: await secrets.identity(),
    sessions: await secrets.sessions(),
    invites: await secrets.invites(),
    handshakes: await byKey(INVITES, (invite) => byKey(HANDSHAKES, (id) => secrets.hasHandshake(invite, id))),
  };
}

async function byKey<Value>(
  keys: readonly string[],
  read: (key: string) => Promise<Value>,
): Promise<Record<string, Value>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await read(key)] as const));
  return Object.fromEntries(entries);
}
