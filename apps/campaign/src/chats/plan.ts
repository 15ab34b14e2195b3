/**
 * What happens in one chat of two hours: who writes when, and everything that goes wrong, all from a seed.
 * @module
 */
import type { Conditions, SeededRandom } from "@chat/sdk/testing";

export const PEOPLE = ["raya", "saro"] as const;
export type Name = (typeof PEOPLE)[number];

/** At `atMs` of the chat. */
export type Deed = { readonly atMs: number } & (
  | { readonly kind: "write"; readonly name: Name; readonly count: number }
  | ({ readonly kind: "file"; readonly name: Name } & FilePlan)
  | { readonly kind: "crash"; readonly name: Name; readonly steps: number; readonly downMs: number }
  | { readonly kind: "offline"; readonly name: Name; readonly durationMs: number }
  | { readonly kind: "jump"; readonly name: Name; readonly byMs: number }
  | { readonly kind: "partition"; readonly durationMs: number }
  | { readonly kind: "node down"; readonly node: number; readonly durationMs: number; readonly forgets: boolean }
);

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
  readonly rateLimit: "twn" | "devnet";
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
    rateLimit: random.chance(0.3) ? "twn" : "devnet",
    skewMs: { raya: skew(), saro: skew() },
    writeMs: random.chance(0.5) ? 0 : random.fraction() * 20,
    deeds: deedsOf(nodes, random).sort((a, b) => a.atMs - b.atMs),
  };
}

function deedsOf(nodes: number, random: SeededRandom): Deed[] {
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
  some(6, (atMs, name) => ({
    kind: "crash",
    atMs,
    name,
    steps: 1 + random.below(300),
    downMs: random.below(20 * MINUTE_MS),
  }));
  some(4, (atMs, name) => ({ kind: "offline", atMs, name, durationMs: random.below(30 * MINUTE_MS) }));
  some(1, (atMs, name) => ({ kind: "jump", atMs, name, byMs: (random.fraction() * 2 - 1) * 5 * SECOND_MS }));
  if (nodes > 1) some(2, (atMs) => ({ kind: "partition", atMs, durationMs: random.below(20 * MINUTE_MS) }));
  some(2, (atMs) => ({
    kind: "node down",
    atMs,
    node: random.below(nodes),
    durationMs: random.below(10 * MINUTE_MS),
    forgets: random.chance(0.3),
  }));
  return deeds;
}
