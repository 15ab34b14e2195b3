/**
 * What a service node takes of memory: after a load, and over half an hour.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase, Plot, Sides } from "../case.ts";
import { Owned } from "../e2e/owned.ts";
import { CASE_LIMIT_MS, PEER } from "./both-sides.ts";
import { goProgram } from "./go-program.ts";
import { runLoad, say } from "./load.ts";
import { growth, residentMb, type Sample } from "./resident-memory.ts";
import { type StartNodes, startGoWaku, startOurs } from "./service-nodes.ts";

const LOAD_LIMIT_MS = 5 * 60_000;
const RATE = 100;
const SAMPLES = 360;

export type MemoryScale = {
  readonly memoryMessages1kb: number;
  readonly memoryMessages100kb: number;
  /** For what the load left to do. */
  readonly memoryRestMs: number;
  readonly flatMinutes: number;
};

export function memoryCases(scale: MemoryScale): { readonly cases: readonly BenchCase[]; plots(): readonly Plot[] } {
  const { memoryMessages1kb, memoryMessages100kb, memoryRestMs, flatMinutes } = scale;
  const samples = { ours: [] as Sample[], theirs: [] as Sample[] };
  const after: BenchCase = {
    name: "memory",
    title: `resident memory of a node after ${memoryMessages1kb} messages of 1 KB and ${memoryMessages100kb} of 100 KB`,
    unit: "MB",
    better: "lower",
    peer: PEER,
    note: "one process that was started for it; ours keeps the messages in SQLite on disk, go-waku keeps none",
    rounds: 3,
    limitMs: CASE_LIMIT_MS,
    prepare: () =>
      fresh((start) => async (owned) => {
        const nodes = owned.use(await start());
        const load = { limitMs: LOAD_LIMIT_MS };
        await runLoad(nodes, { ...load, messages: memoryMessages1kb, sizeBytes: 1_000 }, owned);
        await runLoad(nodes, { ...load, messages: memoryMessages100kb, sizeBytes: 100_000 }, owned);
        await sleep(memoryRestMs);
        return residentMb(nodes.pid);
      }),
  };
  const flat: BenchCase = {
    name: "memory-flat",
    title: `resident memory in the last sixth of ${flatMinutes} minutes at ${RATE} messages of 1 KB a second, over that in the first`,
    unit: "× the first",
    better: "lower",
    peer: PEER,
    note: `both sides run at the same time, after ${memoryMessages1kb} messages as fast as they come; 1.00 is flat`,
    rounds: 1,
    limitMs: CASE_LIMIT_MS + flatMinutes * 2 * 60_000,
    prepare: () => flatSides({ durationMs: flatMinutes * 60_000, warmUp: memoryMessages1kb }, samples),
  };
  return { cases: [after, flat], plots: () => plotOf(samples) };
}

type Watch = { readonly durationMs: number; readonly warmUp: number };

/** Each call on a node of its own. */
async function fresh(measure: (start: StartNodes) => (owned: Owned) => Promise<number>): Promise<Sides> {
  await goProgram();
  const running = new Owned();
  const call = (start: StartNodes) => async () => {
    await using owned = running.use(new Owned());
    return await measure(start)(owned);
  };
  return {
    ours: call(startOurs),
    theirs: call(startGoWaku),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** The two calls of a round share one run of both sides, and the round that does not count is none. */
async function flatSides(watch: Watch, samples: Readonly<Record<"ours" | "theirs", Sample[]>>): Promise<Sides> {
  const sides = await fresh((start) => (owned) => {
    return watched(start, watch, samples[start === startOurs ? "ours" : "theirs"], owned);
  });
  const runs: Promise<Record<"ours" | "theirs", number>>[] = [];
  const run = (round: number) => {
    runs[round] ??= Promise.all([sides.ours(), sides.theirs()]).then(([ours, theirs]) => ({ ours, theirs }));
    return runs[round];
  };
  const side = (which: "ours" | "theirs") => {
    let calls = 0;
    return async () => {
      calls += 1;
      return calls === 1 ? 1 : (await run(calls))[which];
    };
  };
  return { ...sides, ours: side("ours"), theirs: side("theirs") };
}

async function watched(
  start: StartNodes,
  { durationMs, warmUp }: Watch,
  samples: Sample[],
  owned: Owned,
): Promise<number> {
  const nodes = owned.use(await start());
  // As much as the heap of either will ever want, before it is said how much that is.
  await runLoad(nodes, { messages: warmUp, sizeBytes: 1_000, limitMs: LOAD_LIMIT_MS }, owned);
  samples.length = 0;
  const startedAtMs = performance.now();
  const look = setInterval(() => {
    samples.push({ atMs: performance.now() - startedAtMs, mb: residentMb(nodes.pid) });
  }, durationMs / SAMPLES);
  try {
    const messages = Math.ceil((durationMs / 1_000) * RATE);
    await runLoad(nodes, { messages, sizeBytes: 1_000, rate: RATE, limitMs: durationMs + LOAD_LIMIT_MS }, owned);
  } finally {
    clearInterval(look);
  }
  say(`${nodes.side}: ${samples.at(0)?.mb.toFixed(0)} MB at first, ${samples.at(-1)?.mb.toFixed(0)} MB at last`);
  return growth(samples);
}

function plotOf({ ours, theirs }: Readonly<Record<"ours" | "theirs", readonly Sample[]>>): readonly Plot[] {
  if (ours.length === 0 || theirs.length === 0) return [];
  const line = (name: string, samples: readonly Sample[]) => ({
    name,
    points: samples.map(({ atMs, mb }) => [atMs / 60_000, mb] as const),
  });
  return [
    {
      name: "memory-flat",
      title: `Resident memory of a service node at ${RATE} messages of 1 KB a second`,
      x: { label: "minutes" },
      y: { label: "MB" },
      lines: [line("ours", ours), line(PEER, theirs)],
    },
  ];
}
