/**
 * Finds which alternatives are true where every position has a true candidate.
 *
 * Whether an alternative is taken is a bit, and syndromes are linear in these bits, so even one check with enough
 * columns gives equations for all of them, over GF(2).
 * @module
 */
import { at, type Field } from "../erasure/field.ts";
import { solveBits } from "./binary-system.ts";
import type { Checks } from "./checks.ts";
import { consistentChoices } from "./combinations.ts";
import { valueAt } from "./locate.ts";
import type { Alternative } from "./measurement.ts";
import { type Draw, randomRow } from "./random.ts";

/** Equations beyond the unknowns: the chance that one of 2^64 wrong choices satisfies them all. */
const SPARE_EQUATIONS = 64;

/** So many columns more than the equations need: a change is hidden from all of them once in 2^64 times or less. */
const SPARE_COLUMNS = 8;

/**
 * The choices that satisfy all checks, those nearest to the first candidates first. Without checks these are all
 * choices there are.
 *
 * @returns for each choice the alternatives to take; the first candidate elsewhere
 */
export function* choicesOfAlternatives(
  checks: Checks,
  syndromes: readonly Uint16Array[],
  alternatives: readonly Alternative[],
  draw: Draw,
): Generator<readonly Alternative[]> {
  const system = equationsFor(checks, syndromes, alternatives, draw);
  if (system === undefined) return;
  const solution = solveBits(system, alternatives.length);
  if (solution === undefined) return;
  const positions = alternatives.map(({ position }) => position);
  for (const taken of consistentChoices(positions, solution)) {
    yield taken.flatMap((index) => alternatives[index] ?? []);
  }
}

/**
 * Rows of bits: one for each alternative, then the wanted sum. An equation is one random combination of checks seen
 * through one random combination of columns.
 */
function equationsFor(
  checks: Checks,
  syndromes: readonly Uint16Array[],
  alternatives: readonly Alternative[],
  draw: Draw,
): Uint32Array[] | undefined {
  const { field, places, weights, rows, effort } = checks;
  if (rows === 0) return [];
  const unknowns = alternatives.length;
  // All bits of a symbol but one count: a combination may hide what is there, twice in 2^bits.
  const symbols = Math.ceil((unknowns + SPARE_EQUATIONS) / (field.bits - 1));
  // A few columns hold as many equations, and are quicker to combine.
  const columns = Math.ceil(symbols / rows) + SPARE_COLUMNS;
  const width = syndromes[0]?.length ?? 0;
  const combining = (rows + unknowns) * columns * (width + symbols) + symbols * unknowns * rows;
  // Solving works on 32 unknowns at a time.
  const solving = unknowns * symbols * field.bits * ((unknowns >> 5) + 1);
  if (!effort.spend(combining + solving)) return undefined;
  const narrow = narrower(field, width, columns, draw);
  const sums = syndromes.map(narrow);
  const changes = alternatives.map(({ change }) => narrow(change));
  const equations: Uint32Array[] = [];
  for (let symbol = 0; symbol < symbols; symbol++) {
    const ofChecks = randomRow(field, rows, draw);
    const ofColumns = randomRow(field, columns, draw);
    const bits = Array.from({ length: field.bits }, () => new Uint32Array((unknowns >> 5) + 1));
    const write = (index: number, value: number) => {
      for (const [bit, equation] of bits.entries()) {
        if ((value >> bit) & 1) equation[index >> 5] = at(equation, index >> 5) | (1 << (index & 31));
      }
    };
    const wanted = Uint16Array.from(sums, (sum) => innerProduct(field, sum, ofColumns));
    write(unknowns, innerProduct(field, wanted, ofChecks));
    let factor = 0;
    for (const [index, { position }] of alternatives.entries()) {
      if (position !== alternatives[index - 1]?.position) {
        factor = field.multiply(at(weights, position), valueAt(checks, ofChecks, at(places, position)));
      }
      write(index, field.multiply(factor, innerProduct(field, changes[index] ?? ofColumns, ofColumns)));
    }
    equations.push(...bits);
  }
  return equations;
}

/** Takes rows to as many random combinations of their columns. */
function narrower(field: Field, from: number, to: number, draw: Draw): (row: Uint16Array) => Uint16Array {
  const combinations = Array.from({ length: to }, () => randomRow(field, from, draw));
  return (row) => Uint16Array.from(combinations, (combination) => innerProduct(field, row, combination));
}

function innerProduct({ log, exp }: Field, a: Uint16Array, b: Uint16Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    const left = at(a, index);
    const right = at(b, index);
    if (left !== 0 && right !== 0) sum ^= at(exp, at(log, left) + at(log, right));
  }
  return sum;
}
