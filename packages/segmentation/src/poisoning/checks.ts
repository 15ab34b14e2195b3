/**
 * What true shards must satisfy.
 *
 * Every position has a place x in the field (`erasure/locator.ts`). With L the polynomial that is zero at the missing
 * places, the sum of c(x) L(x) x^j over the places that are there is 0 for every codeword c and each j below the number
 * of checks. A sum over wrong shards is their *syndrome* j; it depends on their errors alone. To leave out one more
 * place z means to multiply L by x - z: syndrome j + 1 minus z times syndrome j, and one check less.
 * @module
 */
import { at, codeLength, type Field, fieldOf, nextPowerOfTwo } from "../erasure/field.ts";
import { locatorLogs } from "../erasure/locator.ts";
import { codeExists } from "../parity.ts";
import type { Effort } from "./effort.ts";
import { addMultiple } from "./rows.ts";

export type Checks = {
  readonly field: Field;
  readonly shardSize: number;
  /** Positions that are there. */
  readonly positions: readonly number[];
  /** By position. */
  readonly places: Uint16Array;
  /** L(x), by position; 0 where nothing is there. */
  readonly weights: Uint16Array;
  /** How many checks are used. */
  readonly rows: number;
  /** How many there are. */
  readonly available: number;
  /** For all that is done with them. */
  readonly effort: Effort;
};

/** So many checks bound what `locate` costs. */
const MAX_ROWS = 256;

/** The share of what may be done that goes into the syndromes. */
const SYNDROME_SHARE = 1 / 4;

/** Keeps sketches of all alternatives within some megabytes. */
const MAX_COLUMNS = 2_048;

/** Random columns for full confidence, whatever a forger changed (`sketch.ts`). */
const SPARE_COLUMNS = 192;

/** @param positions - those that are there, at least `dataCount` */
export function checksOf(
  dataCount: number,
  parityCount: number,
  shardSize: number,
  positions: readonly number[],
  effort: Effort,
): Checks {
  const available = codeExists(dataCount, parityCount) ? positions.length - dataCount : 0;
  const length = available === 0 ? 1 : codeLength(dataCount, parityCount);
  const field = fieldOf(length <= 256 ? 8 : 16);
  const places = new Uint16Array(dataCount + parityCount);
  const weights = new Uint16Array(dataCount + parityCount);
  if (available > 0) {
    const parityPlaces = nextPowerOfTwo(parityCount);
    for (let index = 0; index < parityCount; index++) places[dataCount + index] = index;
    for (let index = 0; index < dataCount; index++) places[index] = parityPlaces + index;
    // What follows the data is there, and zero.
    const missing = new Uint8Array(length).fill(1, 0, parityPlaces + dataCount);
    for (const position of positions) missing[at(places, position)] = 0;
    const logs = locatorLogs(field, missing);
    for (const position of positions) weights[position] = at(field.exp, at(logs, at(places, position)));
  }
  const steps = effort.steps * SYNDROME_SHARE;
  let rows = Math.min(available, MAX_ROWS);
  while (rows > 0 && positions.length * rows * (SPARE_COLUMNS + rows) > steps) rows -= 1;
  return { field, shardSize, positions, places, weights, rows, available, effort };
}

/** How many random columns hold what `rows` independent errors and so many alternatives may change. */
export function columnsFor({ field, positions, rows, effort }: Checks, alternatives: number): number {
  if (rows === 0) return 0;
  const needed = Math.max(rows, alternatives / (rows * field.bits));
  // For `locateBeside`, half of the shifts.
  const steps = effort.steps * SYNDROME_SHARE;
  const wanted = Math.min((2 * alternatives) / rows, steps / (positions.length * rows) - SPARE_COLUMNS);
  // By the threshold at which random sums of three determine what they are sums of, 1.23 would do.
  return Math.min(SPARE_COLUMNS + Math.ceil(1.3 * Math.max(needed, wanted)), MAX_COLUMNS);
}

/**
 * The checks that are left, and what they say, without the shards at `lost`: fewer than there are checks. Undefined if
 * that takes too long.
 */
export function erase(
  checks: Checks,
  syndromes: readonly Uint16Array[],
  lost: readonly number[],
): { readonly checks: Checks; readonly syndromes: readonly Uint16Array[] } | undefined {
  const { field, positions, places } = checks;
  const columns = syndromes[0]?.length ?? 0;
  if (!checks.effort.spend(lost.length * (syndromes.length * columns + positions.length))) return undefined;
  const left = new Set(lost);
  const weights = checks.weights.slice();
  let rows = syndromes;
  for (const position of lost) {
    const place = at(places, position);
    rows = rows.slice(1).map((next, index) => {
      const row = next.slice();
      addMultiple(field, row, rows[index] ?? EMPTY, place);
      return row;
    });
    for (const other of positions) weights[other] = field.multiply(at(weights, other), at(places, other) ^ place);
  }
  return {
    checks: {
      ...checks,
      positions: positions.filter((position) => !left.has(position)),
      weights,
      rows: rows.length,
      available: checks.available - lost.length,
    },
    syndromes: rows,
  };
}

const EMPTY = new Uint16Array(0);
