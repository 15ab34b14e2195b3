/**
 * What happens in one chat of two hours: who writes when, and everything that goes wrong, all from a seed.
 * @module
 */
import { type Conditions, type Fault, randomFaults, type SeededRandom } from "@chat/sdk/testing";

export const PEOPLE = ["raya", "saro"] as const;
export type Name = (typeof PEOPLE)[number];

/** At `atMs` of the chat. */
export type Deed =
  | Fault
  | ({ readonly atMs: number; readonly name: Name } & (
      | { readonly kind: "write"; readonly count: number }
      | ({ readonly kind: "file" } & FilePlan)
    ));

export type FilePlan = {
  readonly bytes: number;
  /** What somebody does when so much time has passed; whoever pauses it resumes it, after the two hours if not before. */
  readonly interference: "none" | "author pauses" | "author cancels" | "reader cancels";
  readonly afterMs: number;
};

export type Plan = {
  readonly seed: number;
  readonly nodes: number;
  readonly conditions: Conditions;
  /** Messages of each in ten minutes. */
  readonly quota: number;
  readonly skewMs: Readonly<Record<Name, number>>;
  /** Mean time of a durable write. */
  readonly writeMs: number;
  readonly deeds: readonly Deed[];
};

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
export const CHAT_MS = 120 * MINUTE_MS;
/** Three segments. */
const SMALL_FILE_BYTES = 400_000;
/** More than leave before a file is paused. */
const LARGE_FILE_BYTES = 3_000_000;
const LARGEST_SKEW_MS = 10 * SECOND_MS;
/** Of the devnet and of The Waku Network; and so few that many messages wait for epochs. */
const QUOTAS = { wide: 100_000, usual: 100, narrow: 30 } as const;

export function planOf(seed: number, random: SeededRandom): Plan {
  const share = (most: number) => (random.chance(0.3) ? 0 : random.fraction() * most);
  const nodes = 1 + random.below(3);
  const skew = () => (random.chance(0.5) ? 0 : (random.fraction() * 2 - 1) * LARGEST_SKEW_MS);
  return {
    seed,
    nodes,
    conditions: {
      delayMs: random.pick([5, 50, 500]),
      loss: share(0.5),
      duplication: share(0.3),
      publishLoss: share(0.2),
      answerLoss: share(0.2),
      storeLoss: share(0.3),
      queryFailure: share(0.2),
    },
    quota: QUOTAS[random.pick(["wide", "wide", "usual", "narrow"] as const)],
    skewMs: { raya: skew(), saro: skew() },
    writeMs: random.chance(0.5) ? 0 : random.fraction() * 20,
    deeds: [...wordsOf(random), ...randomFaults(random, { people: PEOPLE, nodes, durationMs: CHAT_MS })].sort(
      (a, b) => a.atMs - b.atMs,
    ),
  };
}

function wordsOf(random: SeededRandom): Deed[] {
  const deeds: Deed[] = [];
  const some = (most: number, make: (atMs: number, name: Name) => Deed) => {
    for (let count = random.below(most + 1); count > 0; count -= 1) {
      deeds.push(make(random.below(CHAT_MS), random.pick(PEOPLE)));
    }
  };
  some(120, (atMs, name) => ({ kind: "write", atMs, name, count: random.chance(0.1) ? 1 + random.below(20) : 1 }));
  some(3, (atMs, name) => ({
    kind: "file",
    atMs,
    name,
    bytes: random.chance(0.05) ? LARGE_FILE_BYTES : random.below(SMALL_FILE_BYTES),
    interference: random.pick(["none", "author pauses", "author cancels", "reader cancels"]),
    // All of a small file leaves at once, unless its author is offline.
    afterMs: random.fraction() * random.pick([20, 200, 2_000, 10 * MINUTE_MS]),
  }));
  return deeds;
}
