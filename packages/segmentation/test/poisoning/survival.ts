/**
 * Measures how many forged segments a set survives, with segments of 100 KiB. Prints JSON.
 *
 *     node --conditions=@chat/source test/poisoning/survival.ts [trials, default 3]
 *
 * Each figure is the highest number for which every trial found the payload, searched by halving.
 * @module
 */
import type { Candidates } from "../../src/poisoning/find-true-shards.ts";
import { candidatesOf, codewordOf, Dice, type Forgery, forge, type Shape, search } from "./forged-set.ts";

const TRIALS = Number(process.argv[2] ?? 3);
const SHAPES = [
  { dataCount: 24, parityCount: 3 },
  { dataCount: 112, parityCount: 16 },
  { dataCount: 700, parityCount: 99 },
];
const LOSSES = [0, 0.05];
const FORGERIES: readonly Forgery[] = ["garbage", "one-byte", "same-byte"];

type Trial = {
  /** The true shards. */
  readonly truth: readonly Uint8Array[];
  /** Positions whose true shards arrived, in random order. */
  readonly arrived: readonly number[];
  readonly lost: readonly number[];
  readonly dice: Dice;
};

/** What is held when `forged` segments were forged. */
type Attack = (trial: Trial, forged: number, forgery: Forgery) => Map<number, Uint8Array[]>;

const ATTACKS: Readonly<Record<string, Attack>> = {
  // Forged segments come in the place of true ones that never arrive.
  alone: ({ truth, arrived, lost, dice }, forged, forgery) => {
    const candidates = candidatesOf(truth);
    for (const position of lost) candidates.delete(position);
    for (const position of arrived.slice(0, forged))
      candidates.set(position, [forgeAt(truth, position, forgery, dice)]);
    return candidates;
  },
  twins: heldWithTwins,
  // Both arrive, and where the true one is lost the forged one arrives nevertheless.
  "twins, also of what is lost": (trial, forged, forgery) => {
    const { truth, lost, dice } = trial;
    const candidates = heldWithTwins(trial, Math.max(0, forged - lost.length), forgery);
    for (const position of lost.slice(0, forged)) candidates.set(position, [forgeAt(truth, position, forgery, dice)]);
    return candidates;
  },
  // Three forged ones before the true one.
  "three before the true one": ({ truth, arrived, lost, dice }, forged, forgery) => {
    const candidates = candidatesOf(truth);
    for (const position of lost) candidates.delete(position);
    for (const position of arrived.slice(0, forged)) {
      const three = Array.from({ length: 3 }, () => forgeAt(truth, position, forgery, dice));
      candidates.get(position)?.unshift(...three);
    }
    return candidates;
  },
};

/** True and forged segments arrive, in either order. */
function heldWithTwins({ truth, arrived, lost, dice }: Trial, forged: number, forgery: Forgery) {
  const candidates = candidatesOf(truth);
  for (const position of lost) candidates.delete(position);
  for (const position of arrived.slice(0, forged)) {
    const twin = forgeAt(truth, position, forgery, dice);
    const shards = candidates.get(position);
    if (dice.below(2) === 0) shards?.push(twin);
    else shards?.unshift(twin);
  }
  return candidates;
}

function forgeAt(truth: readonly Uint8Array[], position: number, forgery: Forgery, dice: Dice): Uint8Array {
  return forge(truth[position] ?? new Uint8Array(1), forgery, dice);
}

const results = [];
for (const counts of SHAPES) {
  const shape: Shape = { ...counts, shardSize: 102_400 };
  const truth = codewordOf(shape, new Dice(1));
  for (const loss of LOSSES) {
    for (const [attack, hold] of Object.entries(ATTACKS)) {
      if (attack.includes("lost") && loss === 0) continue;
      for (const forgery of FORGERIES) results.push(measure(shape, truth, loss, attack, hold, forgery));
    }
  }
}
process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);

function measure(
  shape: Shape,
  truth: readonly Uint8Array[],
  loss: number,
  attack: string,
  hold: Attack,
  forgery: Forgery,
) {
  const lostCount = Math.floor(loss * truth.length);
  const most = attack.includes("lost") ? truth.length : truth.length - lostCount;
  let slowestMs = 0;
  let attempts = 0;
  const survives = (forged: number) => {
    for (let seed = 1; seed <= TRIALS; seed++) {
      const dice = new Dice(seed * 1_000 + forged);
      const order = dice.some(truth.length, truth.length);
      const trial = { truth, dice, lost: order.slice(0, lostCount), arrived: order.slice(lostCount) };
      const candidates = hold(trial, forged, forgery);
      if (firstIsWhole(shape, truth, candidates)) continue;
      const start = performance.now();
      const found = search(shape, truth, candidates, { seed });
      slowestMs = Math.max(slowestMs, performance.now() - start);
      if (!found.found) return false;
      attempts = Math.max(attempts, found.attempts);
    }
    return true;
  };
  let [known, above] = survives(most) ? [most, most + 1] : [0, most];
  while (above - known > 1) {
    const middle = (known + above) >> 1;
    if (survives(middle)) known = middle;
    else above = middle;
  }
  const { dataCount, parityCount } = shape;
  const set = `${dataCount}+${parityCount}`;
  return {
    set,
    lost: lostCount,
    attack,
    forgery,
    survives: known,
    of: most,
    attempts,
    slowestMs: Math.round(slowestMs),
  };
}

/** Whether there is nothing to find. */
function firstIsWhole({ dataCount }: Shape, truth: readonly Uint8Array[], candidates: Candidates): boolean {
  const positions = [...candidates.keys()];
  const isTrue = (position: number) => candidates.get(position)?.[0] === truth[position];
  const data = positions.filter((position) => position < dataCount);
  return (data.length === dataCount ? data : positions).every(isTrue);
}
