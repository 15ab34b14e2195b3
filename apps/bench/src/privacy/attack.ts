/**
 * All classifiers on the same samples, and the one that does best. Each learns from one fold and is judged by the other,
 * and the other way round: no conversation that is judged was learned from.
 * @module
 */
import { type Classifier, likelihood, logistic, perceptron, type Score, singles } from "./classifiers.ts";
import { curveOf, type Roc, rocOf } from "./roc.ts";
import { ofFold, type Samples } from "./samples.ts";

export type Attack = Roc & {
  /** The classifier that did best. */
  readonly best: string;
  readonly all: readonly (Roc & { readonly name: string })[];
  readonly positives: number;
  readonly negatives: number;
  readonly curve: readonly (readonly [number, number])[];
  /** The best one and those that learn; each with what it has learned without the first fold, and without the second. */
  readonly learned: readonly { readonly name: string; readonly without: readonly Score[] }[];
};

const FOLDS = [0, 1];
const LEARNING = [likelihood, logistic, perceptron];

export function attack(samples: Samples): Attack {
  const folds = FOLDS.map((fold) => ofFold(samples, fold));
  const judged = [...singles(samples.features), ...LEARNING]
    .map((classifier) => ({ ...judge(classifier, folds), name: classifier.name, classifier }))
    .sort((a, b) => b.auc - a.auc);
  const [best] = judged;
  if (best === undefined) throw new RangeError("samples: want at least one feature");
  const scores = folds.flatMap(({ rows }, fold) => ranks(rows, best.learned[1 - fold]));
  const labels = folds.flatMap(({ labels: own }) => [...own]);
  const positives = labels.filter((label) => label === 1).length;
  return {
    auc: best.auc,
    error: best.error,
    best: best.name,
    all: judged.map(({ name, auc, error }) => ({ name, auc, error })),
    positives,
    negatives: labels.length - positives,
    curve: curveOf(scores, labels),
    learned: judged
      .filter(({ classifier }) => classifier === best.classifier || LEARNING.includes(classifier))
      .map(({ name, learned }) => ({ name, without: learned.toReversed() })),
  };
}

function judge(classifier: Classifier, folds: readonly Samples[]): Roc & { readonly learned: readonly Score[] } {
  const learned = folds.map((fold) => classifier.learn(fold));
  const [one, other] = folds.map(({ rows, labels }, fold) => {
    const score = learned[1 - fold] ?? (() => 0);
    return rocOf(rows.map(score), labels);
  });
  const auc = ((one?.auc ?? 0) + (other?.auc ?? 0)) / 2;
  const error = Math.hypot(one?.error ?? 0, other?.error ?? 0) / 2;
  return { auc, error, learned };
}

/** From 0 to 1: scores of two functions cannot be compared, places can. */
function ranks(rows: readonly Float64Array[], score: Score = () => 0): number[] {
  const scores = rows.map(score);
  const order = scores.map((_, row) => row).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  const places = new Array<number>(rows.length).fill(0);
  order.forEach((row, place) => {
    const before = order[place - 1];
    const isTie = before !== undefined && scores[before] === scores[row];
    places[row] = isTie ? (places[before] ?? 0) : place / rows.length;
  });
  return places;
}
