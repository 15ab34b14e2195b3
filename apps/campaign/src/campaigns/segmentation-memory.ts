/**
 * A hostile sender with unlimited identities cannot make the process hold more than the configured bytes. Real memory
 * is counted, in a process of its own for each batch.
 * @module
 */
import type { BatchResult, Campaign } from "../campaign.ts";
import { runMeasured } from "../measured-script.ts";
import type { ChildOrder, ChildResult, Sample } from "../memory/child.ts";
import { SCENARIOS } from "../memory/scenarios.ts";
import { Random } from "../random.ts";

const MIB = 2 ** 20;
const BATCH_MIB = 8;

/**
 * What the process may hold beyond the configured bytes: what a collection leaves behind in the engine's and the
 * system's allocators, compiled code, and what the reassembler remembers within other bounds (complete sets, reports).
 */
export const SLACK_BYTES = 16 * MIB;

/** What a reassembler is told, and what it uses if it is told nothing. */
const CONFIGURED_BYTES = 24 * MIB;
const DEFAULT_BYTES = 2 * (100 * MIB + 40 * MIB);

/** More than a batch otherwise has: it is what it takes to fill the default. */
const INPUT_TO_FILL_DEFAULT = DEFAULT_BYTES / 3.5;

const SCENARIOS_PER_BATCH = 4;
const GROUPS = SCENARIOS.length / SCENARIOS_PER_BATCH;
const RESERVED = SCENARIOS.findIndex(({ name }) => name === "reserved");

export const segmentationMemory: Campaign = {
  name: "segmentation-memory",
  title: "hostile segments from ever new senders, real memory against the configured bytes",
  unit: "MiB of hostile input",
  fullCount: 2_048,
  batchSize: BATCH_MIB,
  threads: 2,
  batchLimitMs: 120_000,
  // The children are not part of it.
  maxResidentBytes: 256 * MIB,
  sources: ["packages/segmentation/src", "apps/campaign/src"],
  run: measure,
};

/** So many batches go through all scenarios once. */
export const ROUND_OF_BATCHES = GROUPS + 1;

async function measure(seed: number, batch: number): Promise<BatchResult> {
  const order = orderOf(seed, batch);
  const { calls, samples } = await runMeasured<ChildResult>("memory/child", order);
  const limit = (order.maxBufferedBytes ?? DEFAULT_BYTES) + SLACK_BYTES;
  for (const sample of samples) {
    const held = heldBytes(sample);
    if (held > limit) throw new Error(`${sample.scenario}: ${describe(sample)}, want at most ${inMib(limit)} held`);
  }
  const highest = (value: (sample: Sample) => number) => Math.max(...samples.map(value));
  const peaks = {
    peakBeyondConfiguredBytes: highest(heldBytes) - (limit - SLACK_BYTES),
    peakBeyondCountedBytes: highest((sample) => heldBytes(sample) - sample.buffered),
    peakHeldBytes: highest(heldBytes),
    peakCountedBytes: highest(({ buffered }) => buffered),
  };
  const names = order.scenarios.map((number) => [`batches.${SCENARIOS[number]?.name}`, 1]);
  const counts = { inputBytes: order.inputBytes, segments: calls, samples: samples.length };
  return { counts: { ...counts, ...Object.fromEntries(names) }, peaks };
}

/** The groups of scenarios by turns, then the default bounds, which only what reserves memory can fill. */
function orderOf(seed: number, batch: number): ChildOrder {
  const common = { seed, batch, inputBytes: BATCH_MIB * MIB, maxMessageSize: 153_600 };
  const group = batch % ROUND_OF_BATCHES;
  if (group === GROUPS) return { ...common, inputBytes: INPUT_TO_FILL_DEFAULT, scenarios: [RESERVED] };
  // In another order with each round, so that all meet all.
  const round = Math.floor(batch / ROUND_OF_BATCHES);
  const shuffled = new Random(seed, round).shuffle([...SCENARIOS.keys()]);
  const scenarios = shuffled.slice(group * SCENARIOS_PER_BATCH, (group + 1) * SCENARIOS_PER_BATCH);
  return { ...common, scenarios, maxBufferedBytes: CONFIGURED_BYTES };
}

/** Whichever way of counting finds more. */
function heldBytes({ resident, reachable }: Sample): number {
  return Math.max(resident, reachable);
}

function describe({ resident, reachable, buffered }: Sample): string {
  return `resident ${inMib(resident)}, reachable ${inMib(reachable)}, counted ${inMib(buffered)}`;
}

function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
