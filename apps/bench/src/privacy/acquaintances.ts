/**
 * Experiment (c) for who knows every installation key, and so, which accounts share a bucket: which accounts talk?
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import { type Band, BucketPairs } from "./buckets.ts";
import { MAILBOX_BITS } from "./group.ts";
import { SampleList, type Samples } from "./samples.ts";
import { at, firstAtOrAfter, observedBetween, type Trace, type Truth } from "./trace.ts";

/** Lags: acknowledgements at the default delay, answers, a talk. */
const ALL_BANDS: readonly Band[] = [
  { fromMs: 0, toMs: 1_000 },
  { fromMs: 1_000, toMs: 4_500 },
  { fromMs: 4_500, toMs: 10_000 },
  { fromMs: 10_000, toMs: 60_000 },
  { fromMs: 60_000, toMs: 600_000 },
];

export type PeriodOptions = {
  readonly mailboxBits: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Lags beyond it are not looked at. */
  readonly longestMs: number;
  /** Pairs that do not talk, at most. */
  readonly strangers: number;
};

export type Acquaintances = {
  readonly samples: Samples;
  /** Pairs of accounts that nothing tells from a pair that talks: those of the same two buckets, on average. */
  readonly anonymity: number;
};

/** Pairs that talk in the period, and others that do not, by what their two buckets did in it. */
export function acquaintancesOf(trace: Trace, options: PeriodOptions): Acquaintances {
  const { mailboxBits, fromMs, untilMs, longestMs, strangers } = options;
  const { accounts } = trace.truth;
  const whole = trace.observed(mailboxBits);
  const observed = observedBetween(whole, fromMs, untilMs);
  const bands = ALL_BANDS.filter(({ toMs }) => toMs <= longestMs);
  const pairs = new BucketPairs(observed, bands);
  const names = bands.map(({ toMs }) => `until ${toMs / 1000} s`);
  const list = new SampleList([...names, ...names.map((name) => `${name}, relative`), "busyness"]);
  const bucketOf = (account: number) => at(accounts.mailbox, account) >> (MAILBOX_BITS - mailboxBits);
  const people = accounts.mailbox.length;
  const population = new Float64Array(2 ** mailboxBits);
  for (let account = 0; account < people; account += 1) {
    population[bucketOf(account)] = at(population, bucketOf(account)) + 1;
  }
  const add = (one: number, other: number, isKnown: boolean, fold: number) => {
    const [first, second] = [bucketOf(one), bucketOf(other)];
    const both = (values: (from: number, to: number) => number[]) => {
      const back = values(second, first);
      return values(first, second).map((value, band) => value + at(back, band));
    };
    const surprises = both((from, to) => pairs.surprises(from, to));
    const lifts = both((from, to) => pairs.lifts(from, to));
    list.add(Float64Array.of(...surprises, ...lifts, pairs.busyness(first) + pairs.busyness(second)), isKnown, fold);
  };
  const known = pairsThatTalk(trace.truth, firstAtOrAfter(whole.atMs, fromMs), observed.count);
  let [anonymity, apart] = [0, 0];
  for (const pair of known) {
    const [one, other] = [Math.floor(pair / people), pair % people];
    if (bucketOf(one) === bucketOf(other)) continue;
    apart += 1;
    anonymity += at(population, bucketOf(one)) * at(population, bucketOf(other));
    add(one, other, true, at(accounts.group, one) % 2);
  }
  const random = new SeededRandom(1, 4);
  for (let count = 0; count < strangers; ) {
    const [one, other] = [random.below(people), random.below(people)];
    if (bucketOf(one) === bucketOf(other) || known.has(one * people + other) || known.has(other * people + one))
      continue;
    count += 1;
    add(one, other, false, count % 2);
  }
  return { samples: list.samples, anonymity: anonymity / apart };
}

function pairsThatTalk({ sender, recipient, accounts }: Truth, from: number, count: number): Set<number> {
  const people = accounts.mailbox.length;
  const pairs = new Set<number>();
  for (let row = from; row < from + count; row += 1) {
    const [one, other] = [at(sender, row), at(recipient, row)];
    pairs.add(Math.min(one, other) * people + Math.max(one, other));
  }
  return pairs;
}
