/**
 * A figure that is counted, not measured, beside a number that is known.
 * @module
 */
import type { BenchCase } from "./case.ts";

type GoalCase = Pick<BenchCase, "name" | "title" | "unit" | "note" | "remark"> & {
  /** What it is held against. @default "goal" */
  readonly peer?: string;
  /** @default "lower" */
  readonly better?: BenchCase["better"];
  readonly goal: number | (() => Promise<number>);
  readonly measure: () => Promise<number>;
};

/** One round says it. */
export function goalCase({ goal, measure, ...described }: GoalCase): BenchCase {
  const theirs = typeof goal === "number" ? async () => goal : goal;
  return {
    better: "lower",
    peer: "goal",
    ...described,
    rounds: 1,
    limitMs: 3 * 60 * 60 * 1000,
    prepare: async () => ({ ours: measure, theirs, [Symbol.asyncDispose]: async () => {} }),
  };
}
