/**
 * What classifiers learn from and are judged by: rows of numbers that an observer can compute, each with a label.
 * @module
 */

export type Samples = {
  /** Of each column. */
  readonly features: readonly string[];
  readonly rows: readonly Float64Array[];
  /** 1: a pair that belongs together, a message of the kind in question. */
  readonly labels: Uint8Array;
  /** 0 or 1: who is learned from is not judged by. Conversations of one group are in one fold. */
  readonly folds: Uint8Array;
};

export class SampleList {
  readonly #features: readonly string[];
  readonly #rows: Float64Array[] = [];
  readonly #labels: number[] = [];
  readonly #folds: number[] = [];

  constructor(features: readonly string[]) {
    this.#features = features;
  }

  add(row: Float64Array, label: boolean, fold: number): void {
    this.#rows.push(row);
    this.#labels.push(Number(label));
    this.#folds.push(fold);
  }

  count(label: boolean): number {
    return this.#labels.filter((each) => each === Number(label)).length;
  }

  get samples(): Samples {
    const [labels, folds] = [Uint8Array.from(this.#labels), Uint8Array.from(this.#folds)];
    return { features: this.#features, rows: this.#rows, labels, folds };
  }
}

/** Those of one fold. */
export function ofFold({ features, rows, labels, folds }: Samples, fold: number): Samples {
  const chosen = rows.map((_, row) => row).filter((row) => folds[row] === fold);
  return {
    features,
    rows: chosen.map((row) => rows[row] ?? new Float64Array()),
    labels: Uint8Array.from(chosen, (row) => labels[row] ?? 0),
    folds: new Uint8Array(chosen.length).fill(fold),
  };
}

/** The same rows with one label in two at random, as many as before: nothing can be learned from them. */
export function shuffled(samples: Samples, below: (limit: number) => number): Samples {
  const labels = samples.labels.slice();
  for (let last = labels.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [labels[last], labels[other]] = [labels[other] ?? 0, labels[last] ?? 0];
  }
  return { ...samples, labels };
}
