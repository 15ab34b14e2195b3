/**
 * Everything that can be read of a store, each sealed value with the place it was read from, so that a value at a place
 * where nobody put it stands out.
 * @module
 */
import type { QueueStore } from "@chat/ratelimit";
import type { PartialSetStore } from "@chat/segmentation";
import type { Store } from "@chat/store";

/** A place and what was read there, both as text that can be compared. */
export type Reading = readonly [place: string, value: string];

/** One call each; those that page through a table give several readings. */
export type Read = () => Promise<readonly Reading[]>;

/** The ids that {@link fill} puts; a hostile file may have others, which are read as far as they are listed. */
export const IDS = { conversations: 3, messages: 60, parts: 12, sessions: 3, queued: 8 };

export function readsOfStore({ messages, secrets }: Store): Read[] {
  return [
    async () => (await messages.conversations()).map(({ id, peer }) => at(`peer ${id}`, peer)),
    ...each(IDS.conversations, (index) => async () => {
      const page = await messages.page(`c${index}`, { limit: 1_000 });
      return page.map(({ id, content }) => at(`message ${id}`, hex(content)));
    }),
    async () => (await messages.incomingAfter(0, 1_000)).map(({ id, content }) => at(`message ${id}`, hex(content))),
    async () => {
      const summaries = await messages.conversationPage({ limit: 100 });
      return summaries.flatMap(({ id, peer, last }) => [
        at(`peer ${id}`, peer),
        ...(last === undefined ? [] : [at(`message ${last.id}`, hex(last.content))]),
      ]);
    },
    ...(["queued", "received"] as const).map((status) => async () => {
      const found = await messages.withStatus(status, { limit: 1_000 });
      return found.map(({ id, content }) => at(`message ${id}`, hex(content)));
    }),
    async () => {
      const found = await messages.withContentType("text", { limit: 1_000 });
      return found.map(({ id, content }) => at(`message ${id}`, hex(content)));
    },
    async () => {
      await messages.statistics();
      await messages.expired(1_000, 1_000);
      await messages.nextExpiry();
      return [];
    },
    ...each(IDS.messages, (index) => async () => {
      const found = await messages.message(`m${index}`);
      return found === undefined ? [] : [at(`message m${index}`, hex(found.content))];
    }),
    async () => {
      await messages.consumed();
      await messages.cursor("/topic");
      await messages.pendingCount("m1");
      await messages.knownSdsIds("s1", ["d1", "d2"]);
      return [];
    },
    // Envelopes are encrypted already, and not sealed once more.
    async () => {
      await Array.fromAsync(messages.outbox());
      await Promise.all(each(IDS.parts, (index) => messages.outboxPayload(`o${index}`)));
      return [];
    },
    async () => optional("ledger of the outbox", await messages.quotaLedger()),
    ...each(IDS.parts, (index) => async () => {
      const found = await messages.outgoing("s1", `d${index}`);
      return optional(`outgoing d${index}`, found?.bytes);
    }),
    ...each(IDS.sessions, (index) => async () => optional(`sds ${index}`, await messages.sdsState(`s${index}`))),
    async () =>
      (await Array.fromAsync(messages.segments())).map(({ sessionId, setId, isParity, index, bytes }) =>
        at(`segment ${sessionId} ${setId} ${isParity} ${index}`, hex(bytes)),
      ),
    async () => optional("identity", await secrets.identity()),
    async () => (await secrets.sessions()).map(({ id, snapshot }) => at(`session ${id}`, hex(snapshot))),
    async () => (await secrets.invites()).map(({ id, snapshot }) => at(`invite ${id}`, hex(snapshot))),
    async () => (await secrets.peers()).map(({ id, snapshot }) => at(`known of ${id}`, hex(snapshot))),
    async () => {
      await secrets.hasHandshake("i1", "h1");
      return [];
    },
  ];
}

export function readsOfQueue(queue: Pick<QueueStore, "load" | "bytesOf">): Read[] {
  return [
    async () => {
      const { ledger, queued, ended } = await queue.load();
      return [
        ...(ledger === undefined ? [] : [at("ledger", JSON.stringify(ledger))]),
        ...queued.map((record) => at(`queued ${record.id}`, JSON.stringify(record))),
        ...ended.map((record) => at(`ended ${record.id}`, JSON.stringify(record))),
      ];
    },
    ...each(IDS.queued, (index) => async () => {
      const bytes = await queue.bytesOf(`q${index}`);
      // Of a row that lost its bytes there are none; what is sealed is never empty here.
      return bytes === undefined || bytes.length === 0 ? [] : [at(`bytes q${index}`, hex(bytes))];
    }),
  ];
}

export function readsOfPartialSets(sets: PartialSetStore): Read[] {
  return [
    async () =>
      (await Array.fromAsync(sets.segments())).map(({ setId, sender, bytes, receivedAtMs }) =>
        at(`partial ${setId}`, `${sender} ${receivedAtMs} ${hex(bytes)}`),
      ),
    async () =>
      (await Array.fromAsync(sets.completed())).map(({ setId, sender, completedAtMs }) =>
        at(`complete ${setId}`, `${sender} ${completedAtMs}`),
      ),
  ];
}

function each<Item>(count: number, toItem: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => toItem(index));
}

function at(place: string, value: string): Reading {
  return [place, value];
}

function optional(place: string, bytes: Uint8Array | undefined): Reading[] {
  return bytes === undefined ? [] : [at(place, hex(bytes))];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
