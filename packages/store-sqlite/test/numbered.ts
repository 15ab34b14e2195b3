/**
 * Transactions numbered from 1 on: what a store holds says how many of them it has, and whether each is whole.
 * @module
 */
import type { Store, StoreTransaction } from "@chat/store";

const CURSOR = "/numbered";
/** So many rows are written again and again. */
const SLOTS = 7;

/** As a received message with its ratchet step: new rows, replaced and deleted ones, of one to some pages. */
export function numberedChange(number: number): (tx: StoreTransaction) => void {
  return ({ messages, secrets }) => {
    messages.putConversation({ id: "c1", peer: `peer ${number}`, createdAtMs: number });
    secrets.putSession({ id: "s1", conversationId: "c1", snapshot: bytesOf(number, 700) });
    const message = { id: `m${number}`, conversationId: "c1", direction: "incoming", status: "received" } as const;
    messages.putMessage({ ...message, content: contentOf(number), lamport: number, sentAtMs: 1, storedAtMs: 1 });
    messages.logSdsId("s1", `d${number}`, number);
    messages.putOutgoing({ sessionId: "s1", sdsId: slot(number), messageId: "m", bytes: bytesOf(number, 5_000) });
    messages.deleteOutgoing("s1", slot(number + 3));
    messages.setCursor(CURSOR, number);
  };
}

/**
 * How many transactions the store has.
 * @throws Error if it is not exactly the first so many
 */
export async function countWhole({ messages, secrets }: Store): Promise<number> {
  const last = (await messages.cursor(CURSOR)) ?? 0;
  const stored = await messages.incomingAfter(0, last + 10);
  const known = await messages.knownSdsIds(
    "s1",
    Array.from({ length: last + 2 }, (_, index) => `d${index}`),
  );
  const parts = Array.from({ length: SLOTS }, (_, index) => messages.outgoing("s1", slot(index)));
  const [session] = await secrets.sessions();
  const [conversation] = await messages.conversations();
  const problems = [
    ...(stored.length === last ? [] : [`${stored.length} messages`]),
    ...stored.flatMap(({ id, content }, index) =>
      id === `m${index + 1}` && isEqual(content, contentOf(index + 1)) ? [] : [`message ${index + 1}`],
    ),
    ...(known.size === last ? [] : [`${known.size} SDS ids`]),
    ...(await Promise.all(parts)).flatMap((part, index) => {
      const wanted = lastWith(last, index);
      return isEqual(part?.bytes, wanted === undefined ? undefined : bytesOf(wanted, 5_000)) ? [] : [`slot ${index}`];
    }),
    ...(isEqual(session?.snapshot, last === 0 ? undefined : bytesOf(last, 700)) ? [] : ["session"]),
    ...(conversation?.peer === (last === 0 ? undefined : `peer ${last}`) ? [] : ["conversation"]),
  ];
  if (problems.length > 0) throw new Error(`store: want the first ${last} transactions, got others: ${problems}`);
  return last;
}

/** The transaction that wrote the slot last; undefined if one after it deleted the slot, or none wrote it. */
function lastWith(last: number, index: number): number | undefined {
  for (let number = last; number >= 1; number--) {
    if (slot(number) === slot(index)) return number;
    if (slot(number + 3) === slot(index)) return undefined;
  }
  return undefined;
}

function slot(number: number): string {
  return String(number % SLOTS);
}

function contentOf(number: number): Uint8Array {
  return bytesOf(number, (number * 2_741) % 4_000);
}

function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(number % 251);
  bytes.set(new TextEncoder().encode(String(number)).subarray(0, length));
  return bytes;
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
