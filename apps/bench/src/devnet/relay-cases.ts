/**
 * Messages from light push to filter, through one node and through three, as many as come through and at a steady rate.
 * @module
 */
import type { BenchCase } from "../case.ts";
import { bothSides, CASE_LIMIT_MS, PEER } from "./both-sides.ts";
import { type Load, type LoadResult, runLoad } from "./load.ts";

const LOAD_LIMIT_MS = 3 * 60_000;
const RATE = 100;
const WINDOW = 32;
const STORED = "both sides store each message in SQLite, ours durably before it is acknowledged";
const NOTE = "ours stores each message durably before it is acknowledged; go-waku stores none here";

export type RelayScale = {
  readonly messages1kb: number;
  readonly messages100kb: number;
  readonly latencyMessages: number;
};

export function relayCases(scale: RelayScale): readonly BenchCase[] {
  return [
    throughput("relay-1kb", 1, 1_000, scale.messages1kb),
    throughput("relay-100kb", 1, 100_000, scale.messages100kb),
    stored("relay-1kb-stored", 1_000, scale.messages1kb),
    stored("relay-100kb-stored", 100_000, scale.messages100kb),
    throughput("relay3-1kb", 3, 1_000, scale.messages1kb),
    throughput("relay3-100kb", 3, 100_000, scale.messages100kb),
    latency("latency-100", "median", ({ p50Ms }) => p50Ms, scale.latencyMessages),
    latency("latency-100-p99", "99th percentile", ({ p99Ms }) => p99Ms, scale.latencyMessages),
  ];
}

function throughput(name: string, nodes: 1 | 3, sizeBytes: number, messages: number): BenchCase {
  const size = `${sizeBytes / 1_000} KB`;
  const through = nodes === 1 ? "one node" : "three linked nodes, pushed at the first and received from the third";
  return {
    name,
    title: `${messages} messages of ${size} through ${through}, ${WINDOW} under way`,
    unit: "messages/s",
    better: "higher",
    peer: PEER,
    note: nodes === 1 ? NOTE : `${NOTE}; our three nodes are one process, those of go-waku three`,
    rounds: 5,
    limitMs: CASE_LIMIT_MS,
    prepare: () => prepare(nodes, { messages, sizeBytes, window: WINDOW, limitMs: LOAD_LIMIT_MS }, perSecond),
  };
}

/** The same work on both sides. */
function stored(name: string, sizeBytes: number, messages: number): BenchCase {
  return {
    ...throughput(name, 1, sizeBytes, messages),
    title: `${messages} messages of ${sizeBytes / 1_000} KB through one node that stores them, ${WINDOW} under way`,
    note: STORED,
    prepare: () => prepare(1, { messages, sizeBytes, window: WINDOW, limitMs: LOAD_LIMIT_MS }, perSecond, true),
  };
}

function latency(name: string, which: string, figure: (result: LoadResult) => number, messages: number): BenchCase {
  return {
    name,
    title: `from a light push to the filter subscriber, at ${RATE} messages of 1 KB a second: ${which}`,
    unit: "ms",
    better: "lower",
    peer: PEER,
    note: NOTE,
    rounds: 5,
    limitMs: CASE_LIMIT_MS,
    prepare: () => prepare(1, { messages, sizeBytes: 1_000, rate: RATE, limitMs: LOAD_LIMIT_MS }, figure),
  };
}

function prepare(nodes: number, load: Load, figure: (result: LoadResult) => number, stores = false) {
  return bothSides({ ours: { nodes }, theirs: { nodes, stores } }, async (serving, owned) =>
    figure(await runLoad(serving, load, owned)),
  );
}

function perSecond({ delivered, seconds }: LoadResult): number {
  return delivered / seconds;
}
