/**
 * What can go wrong in a simulation besides the network's conditions, at random as a seed decides.
 * @module
 */
import type { SeededRandom } from "./seeded-random.ts";

/** At `atMs` from when it is planned. */
export type Fault = { readonly atMs: number } & (
  | {
      readonly kind: "crash";
      readonly person: string;
      /** Things that its process still asks of disk, network or clock, or hears from them. */
      readonly steps: number;
      /** After that it is started again. */
      readonly downMs: number;
    }
  | { readonly kind: "offline"; readonly person: string; readonly durationMs: number }
  | { readonly kind: "clock jump"; readonly person: string; readonly byMs: number }
  /** The first service node on one side, the others on the other. */
  | { readonly kind: "partition"; readonly durationMs: number }
  | { readonly kind: "node down"; readonly node: number; readonly durationMs: number; readonly forgets: boolean }
);

export type FaultOptions = {
  /** Names of people that it may happen to. */
  readonly people: readonly string[];
  /** Service nodes of the simulation. */
  readonly nodes: number;
  /** Faults begin within that time. */
  readonly durationMs: number;
};

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** More than a client takes from one message to the next. */
const MOST_STEPS = 300;

/** Up to six crashes, four absences, two partitions, two failures of a service node, and a clock that jumps; none, too. */
export function randomFaults(random: SeededRandom, { people, nodes, durationMs }: FaultOptions): Fault[] {
  const faults: Fault[] = [];
  const some = (most: number, make: (atMs: number) => Fault) => {
    for (let count = random.below(most + 1); count > 0; count -= 1) faults.push(make(random.below(durationMs)));
  };
  const upTo = (minutes: number) => random.below(minutes * MINUTE_MS);
  some(6, (atMs) => {
    const [person, steps] = [random.pick(people), 1 + random.below(MOST_STEPS)];
    return { kind: "crash", atMs, person, steps, downMs: upTo(20) };
  });
  some(4, (atMs) => ({ kind: "offline", atMs, person: random.pick(people), durationMs: upTo(30) }));
  some(1, (atMs) => {
    return { kind: "clock jump", atMs, person: random.pick(people), byMs: (random.fraction() * 2 - 1) * 5 * SECOND_MS };
  });
  if (nodes > 1) some(2, (atMs) => ({ kind: "partition", atMs, durationMs: upTo(20) }));
  some(2, (atMs) => {
    return { kind: "node down", atMs, node: random.below(nodes), durationMs: upTo(10), forgets: random.chance(0.3) };
  });
  return faults.sort((a, b) => a.atMs - b.atMs);
}
