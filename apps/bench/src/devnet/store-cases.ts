/**
 * Pages of 100 messages out of a million.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { bothSides, CASE_LIMIT_MS, PEER } from "./both-sides.ts";
import { type History, historyOf } from "./history.ts";
import { answerOf, numberIn } from "./load.ts";

const QUERY_LIMIT_MS = 5 * 60_000;

const PAGES = {
  newest: { what: "the newest page of a content topic", range: () => ({}) },
  range: {
    what: "the first page of a content topic in a tenth of the time",
    range: ({ atNs }: History) => ({ from: atNs(0.5), to: atNs(0.6) }),
  },
  deep: {
    what: "the page behind a cursor in the middle of a content topic, backward",
    range: ({ atNs }: History) => ({ to: atNs(0.5) }),
  },
} as const;

export type StoreScale = {
  readonly storedMessages: number;
  /** Where they are stored; remains. @default a temporary folder that is removed when the process ends */
  readonly storeFolder?: string;
  readonly queries: number;
};

export function storeCases({ storedMessages, storeFolder, queries }: StoreScale): readonly BenchCase[] {
  const history = historyOf(storedMessages, storeFolder);
  return Object.entries(PAGES).map(([kind, { what, range }]) => ({
    name: `store-1m-${kind}`,
    title: `${what}, 100 of ${storedMessages.toLocaleString("en-US")} messages: median of ${queries} queries`,
    unit: "ms",
    better: "lower",
    peer: PEER,
    note: "ours by store 3, which sends the hash of each message; go-waku by store 2, as it serves no other",
    rounds: 5,
    limitMs: CASE_LIMIT_MS,
    prepare: async () => {
      const made = await history();
      const { stores, topic, topics } = made;
      return bothSides({ ours: { store: stores.ours }, theirs: { store: stores.theirs } }, async (nodes, owned) => {
        const version = nodes.side === "ours" ? 3 : 2;
        const options = { address: nodes.addresses[0], version, kind, topic, topics, count: queries, ...range(made) };
        return numberIn(await answerOf(`queries of ${nodes.side}`, "query", options, QUERY_LIMIT_MS, owned), "p50Ms");
      });
    },
  }));
}
