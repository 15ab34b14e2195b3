/**
 * One message to a thousand subscribers. A subscriber is a peer: each has an identity, a connection and a stream of its
 * own, as it would in life, but all are in one process. The first of them push.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { bothSides, CASE_LIMIT_MS, PEER } from "./both-sides.ts";
import { type LoadResult, runLoad } from "./load.ts";

const LOAD_LIMIT_MS = 5 * 60_000;
const NOTE = "the subscribers of both sides share two cores with the node";

export type SubscriberScale = { readonly subscribers: number; readonly subscriberMessages: number };

export function subscriberCases(scale: SubscriberScale): readonly BenchCase[] {
  const { subscribers, subscriberMessages: messages } = scale;
  const subject = `a message of 1 KB for ${subscribers} subscribers`;
  const shared = { peer: PEER, note: NOTE, rounds: 3, limitMs: CASE_LIMIT_MS } as const;
  const prepare = (window: number, figure: (result: LoadResult) => number) => () =>
    bothSides({ ours: {}, theirs: {} }, async (nodes, owned) => {
      const load = { messages, sizeBytes: 1_000, subscribers, senders: 0, window, limitMs: LOAD_LIMIT_MS };
      return figure(await runLoad(nodes, load, owned));
    });
  return [
    {
      ...shared,
      name: "subscribers-1000",
      title: `${subject}, one after the other, until the last of them has it: median of ${messages}`,
      unit: "ms",
      better: "lower",
      prepare: prepare(1, ({ p50Ms }) => p50Ms),
    },
    {
      ...shared,
      name: "subscribers-1000-rate",
      title: `${subject}, four under way: messages delivered in all`,
      unit: "messages/s",
      better: "higher",
      prepare: prepare(4, ({ arrivals, seconds }) => arrivals / seconds),
    },
  ];
}
