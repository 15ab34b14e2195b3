/**
 * What a benchmark is made of: areas of cases, each with our side and a peer's.
 * @module
 */

/** One file in `areas/`, and one line in `areas.ts`. */
export interface BenchArea {
  readonly name: string;
  /** One line for `--list`. */
  readonly title: string;
  readonly cases: readonly BenchCase[];
  /** What is known when the cases have been measured, for the pages of docs/benchmarks. */
  plots?(): Promise<readonly Plot[]>;
}

/** Lines of one diagram. */
export type Plot = {
  /** Unique in its area; kebab-case. */
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
};

export type Axis = { readonly label: string; readonly scale?: "linear" | "log" };

export interface BenchCase {
  readonly name: string;
  /** One line for `--list`. */
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** Who is measured beside us. */
  readonly peer: string;
  /** In what the two sides are not like for like. */
  readonly note?: string;
  /** What is known once it has been measured, such as a sampling error. */
  readonly remark?: () => string;
  /** Measured rounds of each side, unless `--rounds` says otherwise. */
  readonly rounds: number;
  /** Deadline of preparing and of each measurement. */
  readonly limitMs: number;
  /** Everything that is not to be measured. */
  prepare(): Promise<Sides>;
}

/** Each call is one round and resolves with one figure in the case's unit. Disposing releases what was prepared. */
export interface Sides extends AsyncDisposable {
  ours(): Promise<number>;
  theirs(): Promise<number>;
}
