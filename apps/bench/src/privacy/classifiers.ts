/**
 * Ways to tell two kinds apart, of increasing effort: one number, a likelihood of all numbers, and two that learn.
 * Each is given samples and gives back a function that scores a row: higher means the kind with label 1.
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import type { Samples } from "./samples.ts";

export type Score = (row: Float64Array) => number;
export type Classifier = { readonly name: string; learn(samples: Samples): Score };

const BINS = 20;
const SEED = 8;
const HIDDEN = 16;
const PASSES = { logistic: 12, perceptron: 20 };
const BATCH = 32;
const RATE = 0.01;
/** What one sample may move more often than this many times in all. */
const MAX_STEPS = 12_000;

/** From a single number of the row. */
export function singles(features: readonly string[]): Classifier[] {
  return features.flatMap((name, column) =>
    [1, -1].map((sign) => ({
      name: `${sign > 0 ? "high" : "low"} ${name}`,
      learn: () => (row: Float64Array) => sign * (row[column] ?? 0),
    })),
  );
}

/** How much more often such numbers are seen with label 1, each number taken by itself (naive Bayes). */
export const likelihood: Classifier = {
  name: "likelihood",
  learn: ({ features, rows, labels }) => {
    const tables = features.map((_, column) => {
      const sorted = rows.map((row) => row[column] ?? 0).sort((a, b) => a - b);
      const edges = Array.from({ length: BINS - 1 }, (_edge, index) => {
        return sorted[Math.floor(((index + 1) * sorted.length) / BINS)] ?? 0;
      });
      const counts = [new Float64Array(BINS).fill(1), new Float64Array(BINS).fill(1)];
      rows.forEach((row, index) => {
        const bin = binOf(edges, row[column] ?? 0);
        const table = counts[labels[index] ?? 0];
        if (table !== undefined) table[bin] = (table[bin] ?? 0) + 1;
      });
      const [no, yes] = counts.map((table) => {
        const total = table.reduce((sum, value) => sum + value, 0);
        return table.map((value) => Math.log(value / total));
      });
      return {
        edges,
        weights: Float64Array.from({ length: BINS }, (_weight, bin) => (yes?.[bin] ?? 0) - (no?.[bin] ?? 0)),
      };
    });
    return (row) =>
      tables.reduce((sum, { edges, weights }, column) => sum + (weights[binOf(edges, row[column] ?? 0)] ?? 0), 0);
  },
};

export const logistic: Classifier = {
  name: "logistic regression",
  learn: (samples) => network(samples, 0, PASSES.logistic),
};

export const perceptron: Classifier = {
  name: "perceptron",
  learn: (samples) => network(samples, HIDDEN, PASSES.perceptron),
};

function binOf(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && value >= (edges[bin] ?? 0)) bin += 1;
  return bin;
}

/** One hidden layer of tanh, or none; cross entropy, both labels weighing the same; Adam. */
function network(samples: Samples, hidden: number, passes: number): Score {
  const random = new SeededRandom(SEED, hidden);
  const standard = standardizer(samples);
  const inputs = samples.rows.map(standard);
  const width = samples.features.length + 1;
  const units = Math.max(1, hidden);
  const size = hidden === 0 ? width : hidden * width + hidden + 1;
  const weights = Float64Array.from({ length: size }, () =>
    hidden === 0 ? 0 : (random.fraction() - 0.5) / Math.sqrt(width),
  );
  const gradient = new Float64Array(size);
  const [first, second] = [new Float64Array(size), new Float64Array(size)];
  const active = new Float64Array(units);
  const positives = samples.labels.reduce((sum, label) => sum + label, 0);
  const share = positives / samples.labels.length;
  const dot = (input: Float64Array, from: number) => {
    let sum = 0;
    for (let index = 0; index < width; index += 1) sum += (weights[from + index] ?? 0) * (input[index] ?? 0);
    return sum;
  };
  const forward = (input: Float64Array) => {
    if (hidden === 0) return dot(input, 0);
    let sum = weights[size - 1] ?? 0;
    for (let unit = 0; unit < hidden; unit += 1) {
      const value = Math.tanh(dot(input, unit * width));
      active[unit] = value;
      sum += value * (weights[hidden * width + unit] ?? 0);
    }
    return sum;
  };
  const addTo = (index: number, value: number) => {
    gradient[index] = (gradient[index] ?? 0) + value;
  };
  const steps = Math.min(MAX_STEPS, Math.ceil((passes * inputs.length) / BATCH));
  for (let step = 1; step <= steps; step += 1) {
    gradient.fill(0);
    for (let index = 0; index < BATCH; index += 1) {
      const row = random.below(inputs.length);
      const input = inputs[row];
      if (input === undefined) continue;
      const label = samples.labels[row] ?? 0;
      const miss = (1 / (1 + Math.exp(-forward(input))) - label) * (label === 1 ? 0.5 / share : 0.5 / (1 - share));
      if (hidden === 0) for (let column = 0; column < width; column += 1) addTo(column, miss * (input[column] ?? 0));
      for (let unit = 0; unit < hidden; unit += 1) {
        const value = active[unit] ?? 0;
        addTo(hidden * width + unit, miss * value);
        const back = miss * (weights[hidden * width + unit] ?? 0) * (1 - value * value);
        for (let column = 0; column < width; column += 1) addTo(unit * width + column, back * (input[column] ?? 0));
      }
      if (hidden > 0) addTo(size - 1, miss);
    }
    const rate = RATE * (1 - step / (steps + 1));
    for (let index = 0; index < size; index += 1) {
      const slope = (gradient[index] ?? 0) / BATCH;
      first[index] = 0.9 * (first[index] ?? 0) + 0.1 * slope;
      second[index] = 0.999 * (second[index] ?? 0) + 0.001 * slope * slope;
      const mean = (first[index] ?? 0) / (1 - 0.9 ** step);
      const spread = Math.sqrt((second[index] ?? 0) / (1 - 0.999 ** step));
      weights[index] = (weights[index] ?? 0) - (rate * mean) / (spread + 1e-8);
    }
  }
  return (row) => forward(standard(row));
}

/** Mean 0 and deviation 1 in each column, at most 5 either way; with a 1 at the end. */
function standardizer({ features, rows }: Samples): (row: Float64Array) => Float64Array {
  const columns = features.map((_, column) => {
    const mean = rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + ((row[column] ?? 0) - mean) ** 2, 0) / rows.length;
    return { mean, scale: variance > 0 ? 1 / Math.sqrt(variance) : 0 };
  });
  return (row) => {
    const values = Float64Array.from({ length: row.length + 1 }, () => 1);
    columns.forEach(({ mean, scale }, column) => {
      values[column] = Math.max(-5, Math.min(5, ((row[column] ?? 0) - mean) * scale));
    });
    return values;
  };
}
