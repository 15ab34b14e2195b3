/** An area whose figures are known beforehand, and which tells in what order it was called. @module */
import type { BenchArea, BenchCase } from "../src/case.ts";

export type FakeCase = BenchCase & { readonly calls: string[] };

/** @param figures - of the warm-up first, then of each measured round; the last one repeats */
export function fakeCase(
  name: string,
  figures: { ours: readonly number[]; theirs: readonly number[] },
  options: Partial<BenchCase> = {},
): FakeCase {
  const calls: string[] = [];
  const side = (which: "ours" | "theirs") => {
    let round = 0;
    return async () => {
      calls.push(which);
      const figure = figures[which][Math.min(round, figures[which].length - 1)];
      round += 1;
      if (figure === undefined) throw new RangeError("figures: want at least one");
      return figure;
    };
  };
  return {
    name,
    title: `case ${name}`,
    unit: "ms",
    better: "lower",
    peer: "somebody",
    rounds: 3,
    limitMs: 1000,
    prepare: async () => {
      calls.push("prepare");
      const dispose = async () => {
        calls.push("dispose");
      };
      return { ours: side("ours"), theirs: side("theirs"), [Symbol.asyncDispose]: dispose };
    },
    calls,
    ...options,
  };
}

export function fakeArea(...cases: BenchCase[]): BenchArea {
  return { name: "fake", title: "figures from a list", cases };
}
