/**
 * Whether what was sampled hour by hour stays as it is: the last six hours are compared with the first six. Pure.
 * @module
 */
import type { Counts } from "./census.ts";
import type { Sample } from "./orders.ts";

const HOURS = 6;
const MIB = 2 ** 20;

/** What the heap may be larger: garbage that a collection leaves, compiled code. */
export const HEAP_SLACK_BYTES = 2 * MIB;
/** What an entry of {@link BOUNDED} costs: a name of 32 characters or two, and its place in the table. */
const ENTRY_BYTES = 320;
/** Of any collection: how much waits at the end of an hour differs from hour to hour. */
const ENTRY_SLACK = 100;

/** What remembers the newest, by number: it grows until it is full. All of them together, for each client. */
const BOUNDED: Counts = {
  // Statuses that were told, times of messages that are sent: 10,000 each.
  "RecentMap.#entries": 20_000,
  // Payloads that are complete, so that late segments of theirs are known.
  "CompletedSets.#sets": 4_096,
  // Envelopes of an hour.
  "SeenHashes.#seenAtMs": 50_000,
  // Keys of messages that never came; two conversations at most.
  "SessionBook.#sessions[].ratchet.skippedKeys": 2_000,
};

/** What a history is made of. */
const HISTORY = ["messages", "sds_ids", "content_types", "status_changes", "sent_keys"];

/** @param clients - that were counted together @returns what grew, in words */
export function growthOf(samples: readonly Sample[], clients: number): string[] {
  const [first, last] = [samples.slice(0, HOURS), samples.slice(-HOURS)];
  const most = (of: readonly Sample[], value: (sample: Sample) => number) => Math.max(...of.map(value));
  const findings: string[] = [];
  const compare = (what: string, value: (sample: Sample) => number, isBounded: boolean) => {
    const [before, after] = [most(first, value), most(last, value)];
    const limit = isBounded ? clients * (BOUNDED[what] ?? 0) : 2 * before + ENTRY_SLACK;
    if (after > limit) findings.push(`${what}: ${before} entries in the first hours, ${after} in the last`);
  };
  for (const name of namesIn(samples.map(({ entries }) => entries))) {
    compare(name, ({ entries }) => entries[name] ?? 0, Object.hasOwn(BOUNDED, name));
  }
  for (const table of namesIn(samples.map(({ rows }) => rows))) {
    if (!HISTORY.includes(table)) compare(table, ({ rows }) => rows[table] ?? 0, false);
  }
  const remembered = (sample: Sample) =>
    Object.keys(BOUNDED).reduce((sum, name) => sum + (sample.entries[name] ?? 0), 0);
  const filled = Math.max(0, most(last, remembered) - most(first, remembered)) * ENTRY_BYTES;
  const grown = most(last, ({ heapBytes }) => heapBytes) - most(first, ({ heapBytes }) => heapBytes);
  if (grown > HEAP_SLACK_BYTES + filled) {
    findings.push(`heap: ${inMib(grown)} more in the last hours, want at most ${inMib(HEAP_SLACK_BYTES + filled)}`);
  }
  return findings;
}

function namesIn(counts: readonly Counts[]): Set<string> {
  return new Set(counts.flatMap((of) => Object.keys(of)));
}

function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
