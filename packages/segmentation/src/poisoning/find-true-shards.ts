/**
 * Finds the true shards of a set that holds forged ones.
 *
 * True shards together satisfy the checks of the erasure code, and all symbols of one shard are wrong together, so a
 * few random sums over its columns stand for it (`sketch.ts`). Linear algebra then tells what is forged: where no
 * candidate is true (`locate.ts`), where one of several is (`alternatives.ts`), and both in one set. The hash of the
 * payload is asked only about choices that satisfy every check: that is one, unless the forger sent codewords himself.
 * LIP-243 has no defence of its own.
 * @module
 */
import { choicesOfAlternatives } from "./alternatives.ts";
import { type Checks, checksOf, columnsFor, erase } from "./checks.ts";
import type { Effort } from "./effort.ts";
import { locate, locateBeside } from "./locate.ts";
import { type Candidates, type Measurement, measure } from "./measurement.ts";
import { type Draw, drawFrom } from "./random.ts";

export type { Candidates } from "./measurement.ts";

export type ForgedSet = {
  readonly dataCount: number;
  readonly parityCount: number;
  /** Bytes; a multiple of 64 where `dataCount` is 2 or more. Shorter candidates count as if zeros followed. */
  readonly shardSize: number;
  /** Of at least `dataCount` positions. The first ones of all positions together are known to be wrong. */
  readonly candidates: Candidates;
  /** Unpredictable bytes: a forger who knew them could hide what he changed. */
  readonly random: (length: number) => Uint8Array;
  /** `attempts`: calls of `isWhole`, at most; `effort`: for all the rest, and less of it afterwards. */
  readonly budget: { readonly attempts: number; readonly effort: Effort };
  /** Whether a choice of at least `dataCount` shards decodes to the payload that was announced. Expensive. */
  readonly isWhole: (choice: ReadonlyMap<number, Uint8Array>) => boolean;
};

/** More alternatives than this are not looked at: the set is searched as if there were none. */
const MAX_ALTERNATIVES = 4_096;

/** By position: the index of the candidate where that is not 0, or that none of them is true. */
type Choice = ReadonlyMap<number, number | "forged">;

/**
 * The true shards, without positions that hold none; or undefined where the budget ends first.
 * With c checks, which is how many more positions are held than `dataCount`, it finds
 *
 * - up to c / 2 positions without a true candidate, up to c - 1 if what was changed in them is not alike;
 * - any number of positions with true and forged candidates, up to 4,096 forged ones, as long as few choices satisfy
 *   all checks;
 * - c / 2 of the first beside any number of the second, or nearly c, if what was changed is not alike;
 * - and whatever the hash alone can find out within the budget, as where there are no checks.
 *
 * Time is linear in the bytes of all candidates and cubic in the number of checks and of forged candidates, as far as
 * the effort goes: of more checks than it or 256 allows, the first ones are used.
 */
export function findTrueShards(set: ForgedSet): ReadonlyMap<number, Uint8Array> | undefined {
  const { dataCount, candidates, budget, isWhole } = set;
  const tried = new Set([nameOf(new Map(), dataCount, candidates)]);
  let { attempts } = budget;
  for (const choice of choicesOf(set)) {
    const name = nameOf(choice, dataCount, candidates);
    if (tried.has(name)) continue;
    if (attempts === 0) return undefined;
    attempts -= 1;
    tried.add(name);
    const shards = shardsOf(choice, candidates);
    if (isWhole(shards)) return shards;
  }
  return undefined;
}

/** What may be true, what is cheapest to find first. */
function* choicesOf({ dataCount, parityCount, shardSize, candidates, random, budget }: ForgedSet): Generator<Choice> {
  const { attempts, effort } = budget;
  const draw = drawFrom(random(16));
  const seen = countAlternatives(candidates) <= MAX_ALTERNATIVES ? candidates : firstOf(candidates);
  const checks = checksOf(dataCount, parityCount, shardSize, [...candidates.keys()], effort);
  const columns = columnsFor(checks, countAlternatives(seen));
  if (!effort.spend(checks.positions.length * checks.rows * columns)) return;
  const measured = measure(checks, seen, columns, draw);

  if (checks.rows > 0) yield* choicesChecked(checks, seen, measured, draw);
  yield* choicesUnchecked(checks, candidates, measured, draw, attempts);
}

/** Choices that satisfy all checks. */
function* choicesChecked(checks: Checks, candidates: Candidates, measured: Measurement, draw: Draw): Generator<Choice> {
  const lone = locate(checks, measured.syndromes);
  if (lone !== undefined) yield* choicesWithout(lone, checks, measured, draw);
  if (lone?.length !== 0) yield* choicesWithout([], checks, measured, draw);

  // Who forges everywhere leaves single candidates where a true one was lost; who forges little has few contested.
  const contested = checks.positions.filter((position) => (candidates.get(position)?.length ?? 0) > 1);
  const single = checks.positions.filter((position) => candidates.get(position)?.length === 1);
  for (const suspects of [contested, single]) {
    if (contested.length === 0 || suspects.length === 0 || suspects.length >= checks.rows) continue;
    const rest = erase(checks, measured.syndromes, suspects);
    if (rest === undefined) continue;
    const others = locate(rest.checks, rest.syndromes) ?? [];
    yield* choicesWithout([...suspects, ...others], checks, measured, draw);
  }
  for (const alignment of ["possible", "none"] as const) {
    const others = locateBeside(checks, measured, alignment, draw);
    if (others !== undefined && others.length > 0) yield* choicesWithout(others, checks, measured, draw);
  }
}

/** The choices that satisfy all checks if nothing is true at `forged`. */
function* choicesWithout(
  forged: readonly number[],
  checks: Checks,
  { syndromes, alternatives }: Measurement,
  draw: Draw,
): Generator<Choice> {
  const left = new Set(forged);
  const rest = erase(checks, syndromes, forged);
  if (rest === undefined) return;
  const others = alternatives.filter(({ position }) => !left.has(position));
  for (const taken of choicesOfAlternatives(rest.checks, rest.syndromes, others, draw)) {
    const choice = new Map<number, number | "forged">();
    for (const position of forged) choice.set(position, "forged");
    for (const { position, index } of taken) choice.set(position, index);
    yield choice;
  }
}

/** Every choice of just `dataCount` positions, if there are at most `attempts` of them: part of them is a poor chance. */
function* choicesUnchecked(
  checks: Checks,
  candidates: Candidates,
  measured: Measurement,
  draw: Draw,
  attempts: number,
): Generator<Choice> {
  const { positions, available } = checks;
  let ways = 1;
  for (let index = 0; index < available && ways <= attempts; index++) {
    ways = (ways * (positions.length - index)) / (index + 1);
  }
  for (const { length } of candidates.values()) ways *= length;
  if (ways > attempts) return;
  for (const forged of subsets(positions, available)) yield* choicesWithout(forged, checks, measured, draw);
}

function* subsets(items: readonly number[], size: number): Generator<readonly number[]> {
  if (size === 0) yield [];
  for (let index = 0; size > 0 && index + size <= items.length; index++) {
    for (const rest of subsets(items.slice(index + 1), size - 1)) yield [items[index] ?? 0, ...rest];
  }
}

/** Equal for choices that decode alike: where all data are chosen, parity does not count. */
function nameOf(choice: Choice, dataCount: number, candidates: Candidates): string {
  let hasAllData = true;
  for (let position = 0; position < dataCount && hasAllData; position++) {
    hasAllData = candidates.has(position) && choice.get(position) !== "forged";
  }
  const parts = [...choice].sort(([a], [b]) => a - b).filter(([position]) => !hasAllData || position < dataCount);
  return parts.map(([position, taken]) => `${position}:${taken}`).join();
}

function shardsOf(choice: Choice, candidates: Candidates): Map<number, Uint8Array> {
  const shards = new Map<number, Uint8Array>();
  for (const [position, shardsThere] of candidates) {
    const taken = choice.get(position) ?? 0;
    const shard = taken === "forged" ? undefined : shardsThere[taken];
    if (shard !== undefined) shards.set(position, shard);
  }
  return shards;
}

function countAlternatives(candidates: Candidates): number {
  let count = 0;
  for (const shards of candidates.values()) count += shards.length - 1;
  return count;
}

function firstOf(candidates: Candidates): Candidates {
  return new Map([...candidates].map(([position, shards]) => [position, shards.slice(0, 1)]));
}
