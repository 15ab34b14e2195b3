/**
 * People write to each other for a virtual day, and nothing of their clients grows but their histories.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BatchResult, Campaign } from "../campaign.ts";
import { growthOf } from "../day/flat.ts";
import type { DayOrder, DayResult, Sample } from "../day/orders.ts";
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

/** Beside this folder, in the sources as in the build. */
const SUFFIX = extname(import.meta.filename);
const CHILD = fileURLToPath(new URL(`../day/child${SUFFIX}`, import.meta.url));
const SOURCE_FLAGS = SUFFIX === ".ts" ? ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning"] : [];
/** As in `segmentation-memory`: what the allocators keep would be all that is measured. */
const FLAGS = ["--expose-gc", "--max-semi-space-size=1"];
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536" };

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
    const { samples, counts, findings } = await startChild(order);
    const found = [...findings, ...growthOf(samples, PEOPLE)];
    if (found.length > 0) throw new Error(`${found.length} findings: ${found.slice(0, MAX_SHOWN).join("; ")}`);
    return { counts, peaks: {}, series: seriesOf(name, samples) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startChild(order: DayOrder): Promise<DayResult> {
  const args = [...SOURCE_FLAGS, ...FLAGS, CHILD, JSON.stringify(order)];
  const env = { ...process.env, ...MALLOC };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
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
