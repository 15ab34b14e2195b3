/**
 * Experiment (b): is a message content, an acknowledgement, or the first of a conversation?
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";
import { countBetween, rowsOfBuckets } from "./buckets.ts";
import { bitsSet, FIELDS } from "./byte-features.ts";
import { PURPOSES } from "./group-notes.ts";
import { SampleList, type Samples } from "./samples.ts";
import { at, firstAtOrAfter, type Observed, type Truth } from "./trace.ts";

/** One kind against another; undefined: it is neither. */
type Question = (truth: Truth, row: number) => boolean | undefined;

const ACKNOWLEDGEMENT = PURPOSES.indexOf("acknowledgement");
const CONTENT = [PURPOSES.indexOf("content"), PURPOSES.indexOf("frame")];
const LONG_MS = 60_000;
const FEATURES = [
  "size",
  "since the one before",
  "until the next",
  "around it",
  "minute before it",
  "everywhere around it",
]
  .concat("part of a second", "part of ten minutes")
  .concat(FIELDS.map((field) => `bits of ${field}`));

const isContentNotAcknowledgement: Question = ({ purpose }, row) =>
  CONTENT.includes(at(purpose, row)) ? true : isAcknowledgement(at(purpose, row)) ? false : undefined;

const isAcknowledgementNotRest: Question = ({ purpose }, row) => isAcknowledgement(at(purpose, row));

const isFirstNotRest: Question = ({ isFirst }, row) => at(isFirst, row) === 1;

export type Kinds = { readonly name: string; readonly what: string; readonly question: Question };

export const KINDS: readonly Kinds[] = [
  { name: "content-ack", what: "content from acknowledgements", question: isContentNotAcknowledgement },
  { name: "ack-rest", what: "acknowledgements from everything else", question: isAcknowledgementNotRest },
  { name: "first-rest", what: "first messages from everything else", question: isFirstNotRest },
];

/** @param most - messages of each kind, at most */
export function messagesOfKinds(observed: Observed, truth: Truth, question: Question, most: number): Samples {
  const random = new SeededRandom(1, 2);
  const buckets = rowsOfBuckets(observed);
  const list = new SampleList(FEATURES);
  const kinds: number[][] = [[], []];
  for (let row = 0; row < observed.count; row += 1) {
    const answer = question(truth, row);
    if (answer !== undefined) kinds[Number(answer)]?.push(row);
  }
  kinds.forEach((rows, kind) => {
    for (const row of chosen(rows, most, random)) {
      list.add(featuresOf(observed, buckets, row), kind === 1, at(truth.group, row) % 2);
    }
  });
  return list.samples;
}

/** The observer of a network that does not pad: sizes as they would be. */
export function withoutPadding(observed: Observed, { unpadded }: Truth): Observed {
  return { ...observed, size: unpadded };
}

function isAcknowledgement(purpose: number): boolean {
  return purpose === ACKNOWLEDGEMENT;
}

function featuresOf(observed: Observed, buckets: ReturnType<typeof rowsOfBuckets>, row: number): Float64Array {
  const { atMs, bucket, size, head } = observed;
  const nowMs = at(atMs, row);
  const own = at(bucket, row);
  const times = buckets[own]?.atMs ?? new Float64Array();
  const place = firstAtOrAfter(times, nowMs);
  const sinceMs = place > 0 ? nowMs - at(times, place - 1) : LONG_MS;
  const untilMs = place + 1 < times.length ? at(times, place + 1) - nowMs : LONG_MS;
  const around = (sideMs: number) => firstAtOrAfter(atMs, nowMs + sideMs) - firstAtOrAfter(atMs, nowMs - sideMs);
  return Float64Array.of(
    Math.log(at(size, row)),
    Math.log(1 + sinceMs),
    Math.log(1 + untilMs),
    countBetween(buckets, own, nowMs - 5000, nowMs + 5000),
    countBetween(buckets, own, nowMs - LONG_MS, nowMs),
    around(500),
    nowMs % 1000,
    nowMs % 600_000,
    ...bitsSet(head, row),
  );
}

function chosen(rows: readonly number[], most: number, random: SeededRandom): readonly number[] {
  if (rows.length <= most) return rows;
  return Array.from({ length: most }, () => random.pick(rows));
}
