/**
 * Experiment (c): which message in another bucket acknowledges a message, and so, who talks with whom?
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import type { Attack } from "./attack.ts";
import { type Band, BucketPairs, type BucketRows, countBetween, rowsOfBuckets } from "./buckets.ts";
import { distances, FIELDS } from "./byte-features.ts";
import { PURPOSES } from "./group-notes.ts";
import { SampleList, type Samples } from "./samples.ts";
import { at, firstAtOrAfter, type Observed, type Truth } from "./trace.ts";

const MINUTE_MS = 60_000;
/** Two ways, with what a slow one takes. */
const NETWORK_MS = 500;
/** Between two acknowledgements of one conversation, unless they do not wait at all. */
const PAUSE_MS = 1_000;
const BANDS = ["soon", "later"];
const FEATURES = [
  "lag",
  "size",
  "size of the answer",
  "answers before it",
  "answers since",
  "more since",
  "answers after",
  "more after",
]
  .concat(FIELDS.map((field) => `distance of ${field}`))
  .concat(BANDS.flatMap((band) => [`buckets ${band}`, `buckets ${band}, other way`]));
const CONTENT = PURPOSES.indexOf("content");

export type Answers = {
  readonly samples: Samples;
  /** Of messages whose acknowledgement is known: those where it is in another bucket and in time. */
  readonly inTimeShare: number;
  /** Of the acknowledgements, those that are content. */
  readonly contentShare: number;
  /** How often the likeliest of all candidates is the right one, by whoever is best at it; and how often any of them would be. */
  hitRate(attack: Attack): { readonly found: number; readonly chance: number; readonly messages: number };
};

export type AnswerOptions = {
  readonly acknowledgementDelayMs: number;
  /** Messages that are looked at, and wrong candidates of each. */
  readonly messages: number;
  readonly wrong: number;
  /** Messages of which all candidates are looked at. */
  readonly searched: number;
};

export function answersOf(observed: Observed, truth: Truth, options: AnswerOptions): Answers {
  const { acknowledgementDelayMs, messages, wrong, searched } = options;
  const random = new SeededRandom(1, 3);
  const latestMs = (acknowledgementDelayMs === 0 ? 0 : Math.max(2 * acknowledgementDelayMs, PAUSE_MS)) + NETWORK_MS;
  const known = rowsWithAnswer(observed, truth, latestMs);
  const chosen = Array.from({ length: Math.min(messages, known.inTime.length) }, () => random.pick(known.inTime));
  const features = answerFeatures(observed, latestMs);
  const candidates = (row: number) => candidatesOf(observed, row, latestMs);
  const list = new SampleList(FEATURES);
  for (const row of chosen) {
    const answer = at(truth.confirmedBy, row);
    const others = candidates(row).filter((other) => other !== answer);
    const fold = at(truth.group, row) % 2;
    list.add(features(row, answer), true, fold);
    for (let count = 0; count < wrong && others.length > 0; count += 1)
      list.add(features(row, random.pick(others)), false, fold);
  }
  return {
    samples: list.samples,
    inTimeShare: known.inTime.length / known.count,
    contentShare: known.byContent / known.count,
    hitRate: ({ learned }) => {
      const rows = chosen.slice(0, searched);
      const found = learned.map(() => 0);
      let chance = 0;
      for (const row of rows) {
        const all = candidates(row).map((other) => ({
          isRight: other === truth.confirmedBy[row],
          features: features(row, other),
        }));
        chance += 1 / all.length;
        learned.forEach(({ without }, index) => {
          const score = without[at(truth.group, row) % 2] ?? (() => 0);
          const scores = all.map((each) => score(each.features));
          const best = scores.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
          const likeliest = all.filter((_, place) => scores[place] === best);
          if (likeliest.some(({ isRight }) => isRight)) found[index] = at(found, index) + 1 / likeliest.length;
        });
      }
      return { found: Math.max(...found) / rows.length, chance: chance / rows.length, messages: rows.length };
    },
  };
}

function rowsWithAnswer(
  { count, atMs, bucket, durationMs }: Observed,
  { confirmedBy, purpose }: Truth,
  latestMs: number,
) {
  const inTime: number[] = [];
  let [all, byContent] = [0, 0];
  for (let row = 0; row < count; row += 1) {
    const answer = at(confirmedBy, row);
    if (answer < 0 || at(atMs, row) + latestMs > durationMs) continue;
    all += 1;
    byContent += Number(at(purpose, answer) === CONTENT);
    const lagMs = at(atMs, answer) - at(atMs, row);
    if (lagMs > 0 && lagMs < latestMs && at(bucket, answer) !== at(bucket, row)) inTime.push(row);
  }
  return { inTime, count: all, byContent };
}

/** All messages in other buckets until the latest time of an acknowledgement. */
function candidatesOf({ atMs, bucket }: Observed, row: number, latestMs: number): number[] {
  const end = firstAtOrAfter(atMs, at(atMs, row) + latestMs);
  const candidates: number[] = [];
  for (let other = row + 1; other < end; other += 1) if (bucket[other] !== bucket[row]) candidates.push(other);
  return candidates;
}

function answerFeatures(observed: Observed, latestMs: number) {
  const { atMs, bucket, size, head } = observed;
  const bands: Band[] = [
    { fromMs: 0, toMs: latestMs },
    { fromMs: latestMs, toMs: latestMs + 6_000 },
  ];
  const pairs = new BucketPairs(observed, bands);
  const buckets: BucketRows = rowsOfBuckets(observed);
  return (row: number, answer: number): Float64Array => {
    const [nowMs, thenMs] = [at(atMs, row), at(atMs, answer)];
    const [own, other] = [at(bucket, row), at(bucket, answer)];
    const [there, back] = [pairs.surprises(own, other), pairs.surprises(other, own)];
    return Float64Array.of(
      thenMs - nowMs,
      Math.log(at(size, row)),
      Math.log(at(size, answer)),
      countBetween(buckets, other, nowMs - MINUTE_MS, nowMs),
      countBetween(buckets, other, nowMs, thenMs),
      countBetween(buckets, own, nowMs, thenMs),
      countBetween(buckets, other, thenMs, thenMs + MINUTE_MS),
      countBetween(buckets, own, thenMs, thenMs + MINUTE_MS),
      ...distances(head, row, answer),
      ...BANDS.flatMap((_, band) => [at(there, band), at(back, band)]),
    );
  };
}
