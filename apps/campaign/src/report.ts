/**
 * What a campaign leaves: one object for `docs/benchmarks/`, a few lines for people. Pure.
 * @module
 */
import type { Campaign } from "./campaign.ts";
import type { Machine } from "./machine.ts";
import type { Progress } from "./progress.ts";
import type { Commit } from "./source-state.ts";

export type Report = {
  readonly campaign: string;
  readonly commit: string | null;
  /** Whether the code that ran differs from the commit. */
  readonly dirty: boolean;
  readonly machine: Machine;
  readonly threads: number;
  readonly seed: number;
  readonly unit: string;
  readonly count: number;
  readonly batches: number;
  readonly durationSeconds: number;
  readonly peakResidentBytes: number;
  readonly counts: Readonly<Record<string, number>>;
  /** `pnpm campaign <name> --seed <seed> --batch <batch>` repeats the batch that had the value. */
  readonly peaks: Readonly<Record<string, { readonly value: number; readonly batch: number }>>;
  readonly series: Readonly<Record<string, Series>>;
};

export type Series = { readonly median: number; readonly max: number; readonly values: readonly number[] };

export function toReport(campaign: Campaign, progress: Progress, source: Commit, machine: Machine): Report {
  const { seed, totals, durationMs, peakResidentBytes } = progress;
  return {
    campaign: campaign.name,
    commit: source.commit ?? null,
    dirty: source.dirty,
    machine,
    threads: campaign.threads,
    seed,
    unit: campaign.unit,
    count: totals.batches * campaign.batchSize,
    batches: totals.batches,
    durationSeconds: rounded(durationMs / 1000),
    peakResidentBytes,
    counts: totals.counts,
    peaks: Object.fromEntries(
      Object.entries(totals.peaks).map(([name, { value, batch }]) => [name, { value: rounded(value), batch }]),
    ),
    series: Object.fromEntries(Object.entries(totals.series).map(([name, values]) => [name, toSeries(values)])),
  };
}

export function toText(report: Report): string {
  const { campaign, batches, count, counts, durationSeconds, machine, peaks, peakResidentBytes, seed, series, unit } =
    report;
  const { cpu, cores, node, platform } = machine;
  const rows = [
    ...Object.entries(counts).map(([name, value]) => [name, grouped(value)] as const),
    ...Object.entries(peaks).map(([name, { value, batch }]) => [name, `${grouped(value)} (batch ${batch})`] as const),
    ...Object.entries(series).map(([name, { median, max, values }]) => {
      return [name, `median ${grouped(median)}, max ${grouped(max)} of ${grouped(values.length)}`] as const;
    }),
    ["peakResidentBytes", grouped(peakResidentBytes)] as const,
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `${campaign} on ${cpu}, ${cores} cores, Node ${node}, ${platform}`,
    `${grouped(count)} ${unit} in ${batches} batches with seed ${seed}, ${grouped(durationSeconds)} s`,
    "",
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ].join("\n");
}

function toSeries(values: readonly number[]): Series {
  const sorted = values.map(rounded).toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0, values: values.map(rounded) };
}

/** Three decimals: beyond any figure's precision, and short. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
