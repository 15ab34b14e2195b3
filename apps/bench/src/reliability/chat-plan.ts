/**
 * What two people write to each other, when, and under what conditions. Equal for both sides of the comparison. Pure.
 * @module
 */
import { type Conditions, type Fault, SeededRandom } from "@chat/sdk/testing";

export const PEOPLE = ["raya", "saro"] as const;
export type PersonName = (typeof PEOPLE)[number];

export type PlannedText = { readonly atMs: number; readonly author: PersonName; readonly body: string };
export type PlannedCrash = { readonly atMs: number; readonly person: PersonName };
export type ChatPlan = { readonly texts: readonly PlannedText[]; readonly crashes: readonly PlannedCrash[] };

export type ChatCondition = {
  /** Part of the names of cases. */
  readonly name: string;
  readonly title: string;
  readonly network: Partial<Conditions>;
  /** Where there are two, each person uses one of them. */
  readonly nodes: 1 | 2;
  readonly faults: readonly Fault[];
  /** Of each process. */
  readonly crashes: number;
};

const MINUTE_MS = 60_000;
export const CHAT_MS = 120 * MINUTE_MS;
/** What is left is for what comes late. */
const WRITING_MS = 110 * MINUTE_MS;
const TEXTS_EACH = 36;
const CHARACTERS = 100;
export const DOWN_MS = MINUTE_MS;
/** Before a crash: long enough to be accepted, too short to reach a service node. */
const LAST_WORDS_MS = 10;
/** Own sequence of random numbers of the seed. */
const PLAN_STREAM = 2_000_000;

const AWAY = { atMs: 40 * MINUTE_MS, durationMs: 30 * MINUTE_MS };
const QUIET = { network: {}, nodes: 1, faults: [], crashes: 0 } as const;

export const CONDITIONS: readonly ChatCondition[] = [
  { ...QUIET, name: "calm", title: "nothing goes wrong" },
  ...[10, 30, 50].map((percent) => lossy(percent, 0)),
  ...[10, 30, 50].map((percent) => lossy(percent, 20)),
  { ...QUIET, name: "duplication-20", title: "20 % of live messages come twice", network: { duplication: 0.2 } },
  {
    ...QUIET,
    name: "offline",
    title: "one of the two is offline for 30 minutes",
    faults: [{ kind: "offline", person: "raya", ...AWAY }],
  },
  {
    ...lossy(10, 0),
    name: "crashes",
    title: "10 % of live messages lost; each process ends three times, right after a text was written",
    crashes: 3,
  },
  {
    ...QUIET,
    name: "partition",
    title: "each uses a service node of its own, and those do not hear each other for 30 minutes",
    nodes: 2,
    faults: [{ kind: "partition", ...AWAY }],
  },
];

function lossy(percent: number, gapPercent: number): ChatCondition {
  const gaps = gapPercent > 0;
  return {
    ...QUIET,
    name: `loss-${percent}${gaps ? "-gaps" : ""}`,
    title: `${percent} % of live messages lost; the store has ${gaps ? `${100 - gapPercent} %` : "all"} of them`,
    network: { loss: percent / 100, storeLoss: gapPercent / 100 },
  };
}

/** @returns texts and crashes, earliest first */
export function planOf(seed: number, { crashes: count }: ChatCondition): ChatPlan {
  const random = new SeededRandom(seed, PLAN_STREAM);
  const byTime = (a: { readonly atMs: number }, b: { readonly atMs: number }) => a.atMs - b.atMs;
  const crashes: PlannedCrash[] = [];
  const texts: PlannedText[] = [];
  for (const author of PEOPLE) {
    const moments = Array.from({ length: TEXTS_EACH }, () => Math.floor(random.fraction() * WRITING_MS));
    const ends = Array.from({ length: count }, (_, index) =>
      Math.floor(((index + random.fraction()) / count) * (WRITING_MS - 2 * DOWN_MS)),
    );
    crashes.push(...ends.map((atMs) => ({ atMs, person: author })));
    const isDown = (atMs: number) => ends.some((endMs) => atMs >= endMs - LAST_WORDS_MS && atMs <= endMs + 2 * DOWN_MS);
    const written = moments
      .filter((atMs) => !isDown(atMs))
      .concat(ends.map((endMs) => Math.max(0, endMs - LAST_WORDS_MS)));
    written.sort((a, b) => a - b);
    texts.push(...written.map((atMs, index) => ({ atMs, author, body: bodyOf(author, index) })));
  }
  return { texts: texts.sort(byTime), crashes: crashes.sort(byTime) };
}

/** Texts that are equal are one message for a ReliableChannel: these differ. */
function bodyOf(author: PersonName, index: number): string {
  return `${author} ${index} `.padEnd(CHARACTERS, "x");
}
