/**
 * How well scores tell two kinds apart. Pure.
 * @module
 */

export type Roc = {
  /** Area under the curve: how often a positive has the higher score than a negative; ties count half. */
  readonly auc: number;
  /** Standard error (Hanley and McNeil, 1982). */
  readonly error: number;
};

export function rocOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Roc {
  const { rankSum, positives, negatives } = ranksOf(scores, labels);
  if (positives === 0 || negatives === 0) return { auc: Number.NaN, error: Number.NaN };
  const auc = (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
  return { auc, error: standardError(auc, positives, negatives) };
}

/** From (0, 0) to (1, 1): share of negatives, share of positives at or above a score. */
export function curveOf(scores: ArrayLike<number>, labels: ArrayLike<number>, points = 50): [number, number][] {
  const order = descending(scores);
  const positives = order.reduce((sum, row) => sum + (labels[row] ?? 0), 0);
  const negatives = order.length - positives;
  const curve: [number, number][] = [[0, 0]];
  let [found, wrong] = [0, 0];
  order.forEach((row, place) => {
    if (labels[row] === 1) found += 1;
    else wrong += 1;
    const isTie = scores[row] === scores[order[place + 1] ?? -1];
    const last = curve.at(-1) ?? [0, 0];
    const point: [number, number] = [wrong / negatives, found / positives];
    const isFar = Math.max(point[0] - last[0], point[1] - last[1]) >= 1 / points;
    if (!isTie && (isFar || place === order.length - 1)) curve.push(point);
  });
  return curve;
}

function ranksOf(scores: ArrayLike<number>, labels: ArrayLike<number>) {
  const order = descending(scores).reverse();
  let [rankSum, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to += 1;
    const rank = (from + 1 + to) / 2;
    for (let place = from; place < to; place += 1) {
      if (labels[order[place] ?? 0] !== 1) continue;
      rankSum += rank;
      positives += 1;
    }
    from = to;
  }
  return { rankSum, positives, negatives: order.length - positives };
}

function standardError(auc: number, positives: number, negatives: number): number {
  const both = auc / (2 - auc);
  const other = (2 * auc * auc) / (1 + auc);
  const variance =
    (auc * (1 - auc) + (positives - 1) * (both - auc * auc) + (negatives - 1) * (other - auc * auc)) /
    (positives * negatives);
  return Math.sqrt(variance);
}

function descending(scores: ArrayLike<number>): number[] {
  return Array.from(scores, (_, row) => row).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}
