/**
 * The command `campaign`, apart from the process it runs in.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BatchThread } from "./batch-thread.ts";
import { type BatchOrder, type Campaign, withBatch } from "./campaign.ts";
import type { CampaignLoaders } from "./campaigns.ts";
import { freshSeed } from "./cut-down.ts";
import { CampaignError, messageOf, stackOf } from "./errors.ts";
import { thisMachine } from "./machine.ts";
import { noProgress, type Progress, ProgressFile } from "./progress.ts";
import { progressLine } from "./progress-line.ts";
import { grouped, type Report, toReport, toText } from "./report.ts";
import { runBatches } from "./runner.ts";
import { commitOf, fingerprintOf } from "./source-state.ts";

const USAGE = `campaign <name> [options]

  --count N     how much of it; default: all. With less than all, no result is written
  --seed N      0 to 4294967295; default: that of the run that was interrupted, else a fresh one
  --batch N     only this batch, to repeat what failed; needs --seed
  --only N,N…   only these events of it, where a failure names some; needs --batch
  --restart     begin again instead of going on where the last run was interrupted
  --json        one JSON object on standard output, and nothing else there
  --list        the campaigns
  --help        this text`;

/** How often progress is told: as one more line, or in a line that changes. */
const TELL_EVERY_MS = { line: 10_000, bar: 500 };

export interface CommandOptions {
  readonly campaigns: CampaignLoaders;
  /** Of the repository: sources are below it, and so are progress and results. */
  readonly root: string;
  /** Takes the result. */
  readonly out: (text: string) => void;
  /** Takes progress and errors. */
  readonly log: (text: string) => void;
  /** Takes progress in place of `log`: each line stands where the one before did. For terminals. */
  readonly bar?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** The module that `campaigns` comes from, if it is not `campaigns.ts`: the threads load it again. */
  readonly registry?: string;
}

/** Resolves with the exit code; a failure has been reported to `log`. */
export async function campaign(args: readonly string[], options: CommandOptions): Promise<0 | 1> {
  try {
    await run(args, options);
    return 0;
  } catch (error) {
    for (const line of explain(error)) options.log(line);
    return 1;
  }
}

async function run(args: readonly string[], options: CommandOptions): Promise<void> {
  const { campaigns, out, log, root } = options;
  const { values, positionals } = parse(args);
  if (values.help) return out(USAGE);
  if (values.list) return out(await list(campaigns));
  const chosen = await load(campaigns, positionals);
  const count = parseNumber("count", values.count, 1, Number.MAX_SAFE_INTEGER) ?? chosen.fullCount;
  const seed = parseNumber("seed", values.seed, 0, 2 ** 32 - 1);
  const batch = parseNumber("batch", values.batch, 0, Number.MAX_SAFE_INTEGER);
  const print = (report: Report) => out(values.json ? JSON.stringify(report) : `\n${toText(report)}`);
  // Before the run, so that it is the code that runs: others may commit meanwhile.
  const source = commitOf(root, chosen.sources);
  const report = (progress: Progress) => toReport(chosen, progress, source, thisMachine());
  if (batch !== undefined) {
    if (seed === undefined) throw new CampaignError("INVALID_OPTION", "batch: want --seed with it, got none");
    const only = parseEvents(chosen, values.only);
    return print(report(await runOne(chosen, { seed, batch, ...(only && { only }) }, options)));
  }
  if (values.only !== undefined) throw new CampaignError("INVALID_OPTION", "only: want --batch with it, got none");

  const file = new ProgressFile(join(root, ".campaigns"), chosen.name);
  const from = values.restart ? undefined : resumable(chosen, file, seed, options);
  const start = from ?? noProgress(seed ?? freshSeed(), fingerprintOf(root, chosen.sources));
  const done = await runAll(chosen, start, Math.ceil(count / chosen.batchSize), file, options);
  const result = report(done);
  print(result);
  if (count < chosen.fullCount) return log(`less than the full ${grouped(chosen.fullCount)}: no result is written`);
  const path = join("docs", "benchmarks", `campaign-${chosen.name}.json`);
  mkdirSync(join(root, "docs", "benchmarks"), { recursive: true });
  writeFileSync(join(root, path), `${JSON.stringify(result, undefined, 2)}\n`);
  file.delete();
  log(`written to ${path}${result.dirty ? "; its sources differ from the commit: commit them and run it again" : ""}`);
}

/** The seed and the code must be the same; another count is only another end. */
function resumable(
  { name, sources }: Campaign,
  file: ProgressFile,
  seed: number | undefined,
  { root, log }: CommandOptions,
): Progress | undefined {
  const saved = file.load();
  if (saved === undefined || (seed !== undefined && seed !== saved.seed)) return undefined;
  if (saved.fingerprint !== fingerprintOf(root, sources)) {
    log(`${name}: the code has changed since the last run; beginning again`);
    return undefined;
  }
  log(`${name}: going on after batch ${saved.totals.batches - 1} of the last run`);
  return saved;
}

async function runAll(
  chosen: Campaign,
  start: Progress,
  batches: number,
  file: ProgressFile,
  { log, bar, signal, registry }: CommandOptions,
): Promise<Progress> {
  const { batchSize, name, unit } = chosen;
  log(`${name}: seed ${start.seed}, ${grouped(batches * batchSize)} ${unit} in ${batches} batches`);
  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  return runBatches(chosen, {
    from: start,
    batches,
    signal,
    registry,
    onProgress: (progress) => {
      file.save(progress);
      const nowMs = performance.now();
      if (nowMs - toldAtMs < TELL_EVERY_MS[bar ? "bar" : "line"]) return;
      toldAtMs = nowMs;
      const fromBatches = start.totals.batches;
      const elapsedMs = nowMs - startedAtMs;
      const distance = { batches: progress.totals.batches, ofBatches: batches, fromBatches, elapsedMs };
      (bar ?? log)(progressLine({ campaign: chosen, ...distance }));
    },
  });
}

/** In a thread too, so that one that hangs is given up. */
async function runOne(
  chosen: Campaign,
  order: BatchOrder,
  { signal, registry, root }: CommandOptions,
): Promise<Progress> {
  await using thread = new BatchThread(chosen, registry);
  const startedAtMs = performance.now();
  const empty = noProgress(order.seed, fingerprintOf(root, chosen.sources));
  const result = await thread.run(order, signal);
  const { counts, peaks, series } = withBatch({ ...empty.totals, batches: order.batch }, result);
  return {
    ...empty,
    totals: { batches: 1, counts, peaks, series },
    durationMs: performance.now() - startedAtMs,
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        count: { type: "string" },
        seed: { type: "string" },
        batch: { type: "string" },
        only: { type: "string" },
        restart: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new CampaignError("INVALID_OPTION", messageOf(cause), { cause });
  }
}

async function load(campaigns: CampaignLoaders, positionals: readonly string[]): Promise<Campaign> {
  const [name, ...more] = positionals;
  const known = Object.keys(campaigns).join(", ");
  const wanted = `campaign: want one of: ${known}; got`;
  if (name === undefined) throw new CampaignError("UNKNOWN_CAMPAIGN", `${wanted} none`);
  if (more.length > 0) throw new CampaignError("INVALID_OPTION", `${wanted} ${positionals.join(" ")}`);
  const loader = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined;
  if (loader === undefined) throw new CampaignError("UNKNOWN_CAMPAIGN", `${wanted} ${name}`);
  return loader();
}

function parseNumber(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new CampaignError("INVALID_OPTION", `${name}: want a whole number from ${min} to ${max}, got ${text}`);
}

function parseEvents({ name, hasEvents }: Campaign, text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  if (!hasEvents) throw new CampaignError("INVALID_OPTION", `only: want a campaign with events, got ${name}`);
  if (/^\d+(,\d+)*$/.test(text)) return text.split(",").map(Number);
  throw new CampaignError("INVALID_OPTION", `only: want whole numbers with commas between them, got ${text}`);
}

async function list(campaigns: CampaignLoaders): Promise<string> {
  const loaded = await Promise.all(Object.values(campaigns).map((loader) => loader()));
  return loaded
    .map(({ name, title, fullCount, unit }) => `${name}: ${title} [${grouped(fullCount)} ${unit}]`)
    .join("\n");
}

/** What the person can change is explained; for what they cannot, there is the stack. */
function explain(error: unknown): string[] {
  const headline = `✗ ${messageOf(error)}`;
  if (!(error instanceof CampaignError)) return [headline, stackOf(error)];
  const { code, cause } = error;
  if (code === "INVALID_OPTION" || code === "UNKNOWN_CAMPAIGN") return [headline, "", USAGE];
  return cause === undefined ? [headline] : [headline, "", stackOf(cause)];
}
