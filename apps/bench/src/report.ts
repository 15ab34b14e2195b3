/**
 * The two forms of a result: one object for programs, a table for people. Pure.
 * @module
 */
import type { Plot } from "./case.ts";
import type { Machine } from "./machine.ts";
import type { Measurement } from "./runner.ts";
import type { Spread } from "./statistics.ts";

export type Report = {
  readonly area: string;
  readonly machine: Machine;
  /** `ratio` > 1 means that we are better, whatever the unit. */
  readonly results: readonly {
    readonly case: string;
    readonly unit: string;
    readonly ours: number;
    readonly peer: string;
    readonly theirs: number;
    readonly ratio: number;
    readonly remark?: string;
  }[];
  /** Of areas that have some. */
  readonly plots?: readonly Plot[];
};

export function toReport(
  area: string,
  machine: Machine,
  measurements: readonly Measurement[],
  plots: readonly Plot[] = [],
): Report {
  const results = measurements.map(({ case: { name, unit, peer, remark }, ours, theirs, ratio }) => ({
    case: name,
    unit,
    ours: rounded(ours.median),
    peer,
    theirs: rounded(theirs.median),
    ratio: rounded(ratio),
    ...(remark && { remark: remark() }),
  }));
  return { area, machine, results, ...(plots.length > 0 && { plots }) };
}

const HEAD = ["case", "unit", "better", "ours", "(quartiles)", "theirs", "(quartiles)", "ratio", "rounds", "peer"];

/** Figures are medians of the rounds, with their quartiles in brackets. */
export function toTable(area: string, machine: Machine, measurements: readonly Measurement[]): string {
  const { cpu, cores, node, platform } = machine;
  const rows = measurements.map(({ case: { name, unit, better, peer }, ours, theirs, ratio, rounds }) => {
    const [our, their] = [ours, theirs].map((side) => [figure(side.median), quartiles(side)]) as [string[], string[]];
    return [name, unit, better, ...our, ...their, `${ratio.toFixed(2)} ×`, String(rounds), peer];
  });
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (isFigure(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  const notes = measurements.flatMap(({ case: { name, note, remark } }) =>
    [note, remark?.()].flatMap((said) => (said === undefined ? [] : [`${name}: ${said}`])),
  );
  return [
    `${area} on ${cpu}, ${cores} cores, Node ${node}, ${platform}`,
    "",
    line(HEAD),
    line(widths.map((width) => "─".repeat(width))),
    ...rows.map(line),
    "",
    "A ratio above 1 means that we are better.",
    ...notes,
  ].join("\n");
}

/** Three decimals: beyond any benchmark's precision, and short. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

function quartiles({ lower, upper }: Spread): string {
  return `(${figure(lower)}–${figure(upper)})`;
}

function isFigure(column: number): boolean {
  return column >= 3 && column <= 8;
}
