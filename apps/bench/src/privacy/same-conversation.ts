/**
 * Experiment (a): do two messages of one mailbox bucket belong to one conversation?
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import { rowsOfBuckets } from "./buckets.ts";
import { distances, equalBytes, FIELDS } from "./byte-features.ts";
import { SampleList, type Samples } from "./samples.ts";
import { at, firstAtOrAfter, type Observed, type Truth } from "./trace.ts";

const FEATURES = ["gap", "difference of sizes", "larger size", "sum of sizes", "messages between", "part of a second"]
  .concat(FIELDS.map((field) => `distance of ${field}`))
  .concat("equal bytes");
const MAX_DRAWS = 4_000_000;

export type PairsOfMessages = {
  readonly samples: Samples;
  /** Of all such pairs, those that belong to one conversation: right so often is who says that of every pair. */
  readonly share: number;
};

export type PairOptions = {
  readonly withinMs: number;
  /** Pairs of each kind, at most. */
  readonly most: number;
  /**
   * `matched`: of each bucket as many pairs of one conversation as others. `any`: as they come, so that it is of use to know
   * that in a bucket of few people two messages are more often of one conversation.
   */
  readonly buckets: "matched" | "any";
};

export function pairsOfMessages(observed: Observed, truth: Truth, options: PairOptions): PairsOfMessages {
  const { withinMs, most, buckets } = options;
  const random = new SeededRandom(1, 1);
  const list = new SampleList(FEATURES);
  const draw = pairDrawer(observed, withinMs, random);
  const found = [0, 0];
  const owed = new Int32Array(observed.buckets);
  let drawn = 0;
  let together = 0;
  while (drawn < MAX_DRAWS && (at(found, 0) < most || at(found, 1) < most)) {
    const pair = draw();
    if (pair === undefined) break;
    const { one, other, between } = pair;
    drawn += 1;
    const isTogether = isOneConversation(truth, one, other);
    together += Number(isTogether);
    const fold = at(truth.group, one) % 2;
    if (fold !== at(truth.group, other) % 2 || at(found, Number(isTogether)) >= most) continue;
    const bucket = at(observed.bucket, one);
    if (buckets === "matched" && !isTogether && at(owed, bucket) === 0) continue;
    owed[bucket] = at(owed, bucket) + (isTogether ? 1 : -1);
    found[Number(isTogether)] = at(found, Number(isTogether)) + 1;
    list.add(featuresOf(observed, one, other, between), isTogether, fold);
  }
  return { samples: list.samples, share: together / drawn };
}

/** Each pair of the same bucket, and not further apart, as likely as any other. */
function pairDrawer(observed: Observed, withinMs: number, random: SeededRandom) {
  const pairs = rowsOfBuckets(observed).flatMap(({ atMs, rows }) =>
    Array.from(rows, (row, index) => ({
      row,
      index,
      rows,
      later: firstAtOrAfter(atMs, at(atMs, index) + withinMs) - index - 1,
    })),
  );
  const ends = new Float64Array(pairs.length);
  let total = 0;
  pairs.forEach(({ later }, index) => {
    total += later;
    ends[index] = total;
  });
  return () => {
    const place = random.below(total);
    const pair = pairs[firstAtOrAfter(ends, place + 1)];
    if (pair === undefined) return undefined;
    const between = random.below(pair.later);
    return { one: pair.row, other: at(pair.rows, pair.index + 1 + between), between };
  };
}

function featuresOf({ atMs, size, head }: Observed, one: number, other: number, between: number): Float64Array {
  const gapMs = at(atMs, other) - at(atMs, one);
  const [first, second] = [at(size, one), at(size, other)];
  return Float64Array.of(
    gapMs,
    Math.log(1 + Math.abs(first - second)),
    Math.log(Math.max(first, second)),
    Math.log(first + second),
    between,
    gapMs % 1000,
    ...distances(head, one, other),
    equalBytes(head, one, other),
  );
}

function isOneConversation({ sender, recipient }: Truth, one: number, other: number): boolean {
  const [from, to] = [at(sender, one), at(recipient, one)];
  const [otherFrom, otherTo] = [at(sender, other), at(recipient, other)];
  return (from === otherFrom && to === otherTo) || (from === otherTo && to === otherFrom);
}
