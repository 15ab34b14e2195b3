/**
 * What a campaign is: many batches, each of which its seed and number determine.
 * @module
 */

/** One file in `campaigns/`, and one line in `campaigns.ts`. */
export interface Campaign {
  readonly name: string;
  /** One line for `--list`. */
  readonly title: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** Of the full run. */
  readonly fullCount: number;
  /** So many come with each batch. */
  readonly batchSize: number;
  /** Batches at one time, each in a worker thread of its own. */
  readonly threads: 1 | 2;
  /** A batch that takes longer hangs. */
  readonly batchLimitMs: number;
  /** The process may be so large, with all threads; beyond that, something grows. */
  readonly maxResidentBytes: number;
  /** Folders whose contents decide what a batch does, from the root of the repository. */
  readonly sources: readonly string[];
  /** A failure names the few events that are enough for it, and `--only` repeats them. */
  readonly hasEvents?: true;
  /**
   * Throws what it finds.
   *
   * @param only - with `hasEvents`: nothing but these events of the batch, by their numbers
   */
  run(seed: number, batch: number, only?: readonly number[]): BatchResult | Promise<BatchResult>;
}

/** What is run at one time. */
export type BatchOrder = { readonly seed: number; readonly batch: number; readonly only?: readonly number[] };

export type BatchResult = {
  /** Added up over the batches. Equal for equal seed and batch. */
  readonly counts: Readonly<Record<string, number>>;
  /** The highest of all batches is kept. Measured, so no two runs have the same. */
  readonly peaks: Readonly<Record<string, number>>;
  /** Put one behind the other, batch after batch. Measured, too. */
  readonly series?: Readonly<Record<string, readonly number[]>>;
};

/** What the batches from 0 to `batches - 1` gave together. */
export type Totals = {
  readonly batches: number;
  readonly counts: Readonly<Record<string, number>>;
  /** With the batch that it was. */
  readonly peaks: Readonly<Record<string, { readonly value: number; readonly batch: number }>>;
  readonly series: Readonly<Record<string, readonly number[]>>;
};

export const NO_TOTALS: Totals = { batches: 0, counts: {}, peaks: {}, series: {} };

/** @param result - of the batch whose number is `totals.batches` */
export function withBatch(totals: Totals, result: BatchResult): Totals {
  const counts = { ...totals.counts };
  for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
  const peaks = { ...totals.peaks };
  for (const [name, value] of Object.entries(result.peaks)) {
    if (value > (peaks[name]?.value ?? Number.NEGATIVE_INFINITY)) peaks[name] = { value, batch: totals.batches };
  }
  const series = { ...totals.series };
  for (const [name, values] of Object.entries(result.series ?? {})) series[name] = [...(series[name] ?? []), ...values];
  return { batches: totals.batches + 1, counts, peaks, series };
}

/** The command that repeats one batch alone. */
export function commandOf(campaign: string, { seed, batch, only }: BatchOrder): string {
  return `pnpm campaign ${campaign} --seed ${seed} --batch ${batch}${only === undefined ? "" : ` --only ${only}`}`;
}
