/**
 * People write to each other for a virtual day, and nothing of their clients grows but their histories.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchResult, Campaign } from "../campaign.ts";
import { growthOf } from "../day/flat.ts";
import type { DayOrder, DayResult, Sample } from "../day/orders.ts";
import { runMeasured } from "../measured-script.ts";
import { Random } from "../random.ts";

export const HOURS = 24;
const MIB = 2 ** 20;
const PEOPLE = 4;
const SECOND_MS = 1_000;
/** With the mean time between two texts of one author. */
const DAYS = [
  { name: "quiet", pauseMs: 600 * SECOND_MS },
  { name: "usual", pauseMs: 60 * SECOND_MS },
  { name: "busy", pauseMs: 20 * SECOND_MS },
] as const;
const MAX_SHOWN = 5;

export const sdkDay: Campaign = {
  name: "sdk-day",
  title: "days of four people who write to each other, with files, loss and absences: memory stays flat",
  unit: "virtual hours",
  fullCount: DAYS.length * HOURS,
  batchSize: HOURS,
  threads: 1,
  batchLimitMs: 1_800_000,
  // The child is not part of it.
  maxResidentBytes: 256 * MIB,
  sources: ["packages", "apps/campaign/src/day"],
  run,
};

async function run(seed: number, batch: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(tmpdir(), "chat-day-"));
  try {
    const { name, pauseMs } = DAYS[batch % DAYS.length] ?? DAYS[0];
    const order: DayOrder = { seed: new Random(seed, batch).word(), directory, hours: HOURS, pauseMs };
    const { samples, counts, findings } = await runMeasured<DayResult>("day/child", order);
    const found = [...findings, ...growthOf(samples, PEOPLE)];
    if (found.length > 0) throw new Error(`${found.length} findings: ${found.slice(0, MAX_SHOWN).join("; ")}`);
    return { counts, peaks: {}, series: seriesOf(name, samples) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Hour by hour; of collections and tables those that changed. */
function seriesOf(day: string, samples: readonly Sample[]): Record<string, number[]> {
  const series: Record<string, number[]> = {
    [`${day}.heapBytes`]: samples.map(({ heapBytes }) => heapBytes),
    [`${day}.residentBytes`]: samples.map(({ residentBytes }) => residentBytes),
  };
  for (const kind of ["entries", "rows"] as const) {
    const names = new Set(samples.flatMap((sample) => Object.keys(sample[kind])));
    for (const name of [...names].toSorted()) {
      const values = samples.map((sample) => sample[kind][name] ?? 0);
      if (new Set(values).size > 1) series[`${day}.${kind}.${name}`] = values;
    }
  }
  return series;
}
