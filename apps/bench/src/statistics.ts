/**
 * The few numbers that a set of measurements comes down to. Pure.
 * @module
 */
import type { BenchCase } from "./case.ts";

/** Quartiles of the rounds; `median` is the figure. */
export type Spread = { readonly lower: number; readonly median: number; readonly upper: number };

/** By linear interpolation between the two values around it. @throws RangeError for no values */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("values: want at least one, got none");
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function spread(values: readonly number[]): Spread {
  return { lower: quantile(values, 0.25), median: median(values), upper: quantile(values, 0.75) };
}

/** How many times better we are: above 1 whether the unit wants low or high values. */
export function ratio(better: BenchCase["better"], ours: number, theirs: number): number {
  return better === "lower" ? theirs / ours : ours / theirs;
}
