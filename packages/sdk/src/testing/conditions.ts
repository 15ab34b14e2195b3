/**
 * How bad a simulated network is. Shares are probabilities from 0 to 1, each for one message at one place.
 * @module
 */

export type Conditions = {
  /** Mean time of a message between a client and a service node, and between two nodes. @default 50 */
  readonly delayMs: number;
  /** Messages that a subscriber should get and does not. @default 0 */
  readonly loss: number;
  /** Messages that a subscriber gets twice. @default 0 */
  readonly duplication: number;
  /** Publications that never reach the service node; their sender learns it by a deadline. @default 0 */
  readonly publishLoss: number;
  /** Publications that reach it, while the answer is lost. @default 0 */
  readonly answerLoss: number;
  /** Messages that a service node passes on and does not store. @default 0 */
  readonly storeLoss: number;
  /** Queries that break off in the middle. @default 0 */
  readonly queryFailure: number;
};

export const CALM: Conditions = {
  delayMs: 50,
  loss: 0,
  duplication: 0,
  publishLoss: 0,
  answerLoss: 0,
  storeLoss: 0,
  queryFailure: 0,
};

/** @throws RangeError, naming the condition */
export function conditionsOf(given: Partial<Conditions>): Conditions {
  const conditions = { ...CALM, ...given };
  const { delayMs, ...shares } = conditions;
  if (!(Number.isFinite(delayMs) && delayMs >= 0)) throw new RangeError(`delayMs: want ≥ 0, got ${delayMs}`);
  for (const [name, share] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`${name}: want 0 to 1, got ${share}`);
  }
  return conditions;
}
