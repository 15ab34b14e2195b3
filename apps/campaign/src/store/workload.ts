/**
 * What a chat writes, as numbered transactions: a number and a seed say all of it, so that what a database holds after the
 * first so many can be computed.
 * @module
 */
import type { Store, StoreTransaction } from "@chat/store";
import { Random } from "../random.ts";

const CURSOR = "/campaign";
const CONVERSATIONS = 3;
const TOPICS = ["/a", "/b"];
const TYPES = ["text", "image"];
const STATUSES = ["queued", "sent", "delivered", "received"] as const;
/** Transactions come back to what those up to so many before them have put. */
const RECENT = 40;

type Change = (tx: StoreTransaction) => void;

/** Sets all of them to the number: what tells one state from the next, and that none is half. */
export function changeOf(seed: number, number: number): Change {
  const random = new Random(seed, number);
  const kind = random.pick(KINDS);
  const values = drawn(random, number);
  return (tx) => {
    tx.messages.putConversation({ id: values.conversation, peer: `peer of ${values.conversation}`, createdAtMs: 1 });
    kind(tx, values);
    tx.messages.setCursor(CURSOR, number);
  };
}

/** As {@link changeOf}, and fails after its last call. */
export function failingChangeOf(seed: number, number: number): Change {
  const change = changeOf(seed, number);
  return (tx) => {
    change(tx);
    tx.messages.logSdsId("s0", `failed ${number}`, 0);
    throw new Error("this transaction is meant to fail");
  };
}

/** Drawn before the transaction begins, so that it is the same in every store. */
function drawn(random: Random, number: number) {
  const session = random.below(CONVERSATIONS);
  return {
    number,
    recent: Math.max(0, number - random.between(1, RECENT)),
    session: `s${session}`,
    conversation: `c${session}`,
    topic: random.pick(TOPICS),
    parts: random.between(1, 4),
    bytes: random.bytes(random.spread(1, 6_000)),
    snapshot: random.bytes(random.between(300, 900)),
  };
}

type Values = ReturnType<typeof drawn>;

const receive = ({ messages, secrets }: StoreTransaction, values: Values) => {
  const { number, session, conversation, topic, bytes, snapshot } = values;
  secrets.putSession({ id: session, conversationId: conversation, snapshot });
  messages.putMessage({
    id: `m${number}`,
    conversationId: conversation,
    direction: "incoming",
    status: "received",
    content: bytes,
    lamport: number,
    sentAtMs: number,
    storedAtMs: number,
    contentType: TYPES[number % TYPES.length] ?? "",
    ...(number % 7 === 0 && { expiresAtMs: number + 60 }),
  });
  messages.logSdsId(session, `d${number}`, number);
  messages.putSdsState(session, snapshot.subarray(0, 200));
  messages.setCursor(topic, number);
};

const send = ({ messages, secrets }: StoreTransaction, values: Values) => {
  const { number, session, conversation, topic, parts, bytes, snapshot } = values;
  const messageId = `m${number}`;
  secrets.putSession({ id: session, conversationId: conversation, snapshot });
  messages.putMessage({
    id: messageId,
    conversationId: conversation,
    direction: "outgoing",
    status: "queued",
    content: bytes,
    lamport: number,
    sentAtMs: number,
    storedAtMs: number,
  });
  for (let part = 0; part < parts; part += 1) {
    messages.putOutgoing({ sessionId: session, sdsId: `d${number}-${part}`, messageId, bytes });
    const outbox = { priority: "normal", createdAtMs: number, purpose: "content" } as const;
    messages.putOutbox({ ...outbox, id: `o${number}-${part}`, sessionId: session, messageId, topic, payload: bytes });
  }
  messages.putSdsState(session, snapshot.subarray(0, 200));
};

const transmit = ({ messages }: StoreTransaction, { recent, number }: Values) => {
  messages.stampOutbox(`o${recent}-0`, number);
  messages.setTransmission(`o${recent}-0`, { epoch: number, index: 1, attempts: 1 });
  messages.putQuotaLedger(Uint8Array.of(number, number >> 8));
};

const sent = ({ messages }: StoreTransaction, { recent }: Values) => {
  for (let part = 0; part < 4; part += 1) messages.deleteOutbox(`o${recent}-${part}`);
  messages.setStatus(`m${recent}`, "sent");
};

const acknowledged = ({ messages }: StoreTransaction, { recent, session }: Values) => {
  for (let part = 0; part < 4; part += 1) messages.deleteOutgoing(session, `d${recent}-${part}`);
  messages.setStatus(`m${recent}`, "delivered");
};

const segment = ({ messages }: StoreTransaction, { number, recent, session, parts, bytes }: Values) => {
  for (let index = 0; index < parts; index += 1) {
    const common = { sessionId: session, setId: `set ${number % 9}`, isParity: index === 3, storedAtMs: number };
    messages.putSegment({ ...common, index, bytes });
  }
  messages.deleteSegments(session, `set ${recent % 9}`);
};

const invite = ({ messages, secrets }: StoreTransaction, { number, recent, snapshot }: Values) => {
  secrets.putInvite({ id: `i${number % 5}`, snapshot });
  secrets.addHandshake(`i${number % 5}`, `h${number}`);
  secrets.putPeer({ id: `c${recent % 5}`, snapshot });
  secrets.deletePeer(`c${number % 5}`);
  secrets.deleteInvite(`i${recent % 5}`);
  messages.setConsumed(recent);
};

const read = ({ messages }: StoreTransaction, { number, recent, conversation }: Values) => {
  messages.setRead(conversation, recent);
  messages.setExpiry(`m${recent}`, number + 20);
};

const expire = ({ messages }: StoreTransaction, { number }: Values) => {
  messages.deleteExpired(number, 10);
  messages.forgetDeleted(Math.max(0, number - RECENT));
};

const remove = ({ messages, secrets }: StoreTransaction, { number, recent, session, conversation }: Values) => {
  messages.deleteMessage(`m${recent}`, number);
  if (number % 8 !== 0) return;
  messages.deleteConversation({ id: conversation, sessionIds: [session], deletedAtMs: number });
  secrets.deleteSession(session);
};

const KINDS = [
  ...[receive, receive, receive, receive, send, send, send],
  ...[transmit, sent, acknowledged, segment, invite, read, expire, remove],
];

/** All that {@link changeOf} of the numbers up to `count` may have put. Equal content gives values that are deeply equal. */
export async function contentOf(
  { messages, secrets }: Pick<Store, "messages" | "secrets">,
  count: number,
): Promise<Record<string, unknown>> {
  const numbers = Array.from({ length: count + 2 }, (_, index) => index);
  const recent = numbers.slice(-2 * RECENT);
  const sessions = Array.from({ length: CONVERSATIONS }, (_, index) => `s${index}`);
  const parts = recent.flatMap((number) => [0, 1, 2, 3].map((part) => `d${number}-${part}`));
  const all = { limit: 1_000_000 };
  const outbox = await Array.fromAsync(messages.outbox());
  const { sizeBytes, ...statistics } = await messages.statistics();
  return {
    statistics,
    summaries: await messages.conversationPage(all),
    statuses: await Promise.all(STATUSES.map((status) => messages.withStatus(status, { limit: 50 }))),
    types: await Promise.all(TYPES.map((type) => messages.withContentType(type, { limit: 50 }))),
    expired: await messages.expired(count, 50),
    nextExpiry: await messages.nextExpiry(),
    conversations: await messages.conversations(),
    pages: await Promise.all(sessions.map((_, index) => messages.page(`c${index}`, all).catch(String))),
    incoming: await messages.incomingAfter(Math.max(0, count - 500), all.limit),
    consumed: await messages.consumed(),
    outbox,
    payloads: await Promise.all(outbox.map(({ id }) => messages.outboxPayload(id))),
    quotaLedger: await messages.quotaLedger(),
    outgoing: await Promise.all(sessions.flatMap((session) => parts.map((part) => messages.outgoing(session, part)))),
    known: await Promise.all(
      sessions.map((session) =>
        messages.knownSdsIds(session, [
          ...numbers.map((number) => `d${number}`),
          ...recent.map((number) => `failed ${number}`),
        ]),
      ),
    ),
    sdsStates: await Promise.all(sessions.map((session) => messages.sdsState(session))),
    segments: await Array.fromAsync(messages.segments()),
    cursors: await Promise.all([CURSOR, ...TOPICS].map((topic) => messages.cursor(topic))),
    sessions: await secrets.sessions(),
    invites: await secrets.invites(),
    peers: await secrets.peers(),
    handshakes: await Promise.all(
      recent.flatMap((number) => [0, 1, 2, 3, 4].map((id) => secrets.hasHandshake(`i${id}`, `h${number}`))),
    ),
  };
}
