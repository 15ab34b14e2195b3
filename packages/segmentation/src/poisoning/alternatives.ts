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
import type { Alternative } from "./measurement.ts";
import type { Draw } from "./random.ts";

/** Equations beyond the unknowns: the chance that one of 2^64 wrong choices satisfies them all. */
const SPARE_EQUATIONS = 64;

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
  { field, places, weights, rows }: Checks,
  syndromes: readonly Uint16Array[],
  alternatives: readonly Alternative[],
  draw: Draw,
): Uint32Array[] {
  if (rows === 0) return [];
  const columns = syndromes[0]?.length ?? 0;
  const unknowns = alternatives.length;
  const equations: Uint32Array[] = [];
  // All bits of a symbol but one count: the combination itself may hide what is there, once in 2^bits.
  const symbols = Math.ceil((unknowns + SPARE_EQUATIONS) / (field.bits - 1));
  for (let symbol = 0; symbol < symbols; symbol++) {
    const ofChecks = randomRow(field, rows, draw);
    const ofColumns = randomRow(field, columns, draw);
    const bits = Array.from({ length: field.bits }, () => new Uint32Array((unknowns >> 5) + 1));
    const write = (index: number, value: number) => {
      for (const [bit, equation] of bits.entries()) {
        if ((value >> bit) & 1) equation[index >> 5] = at(equation, index >> 5) | (1 << (index & 31));
      }
    };
    let wanted = 0;
    for (const [row, syndrome] of syndromes.entries()) {
      wanted ^= field.multiply(at(ofChecks, row), innerProduct(field, syndrome, ofColumns));
    }
    write(unknowns, wanted);
    for (const [index, { position, change }] of alternatives.entries()) {
      const place = at(places, position);
      const check = ofChecks.reduceRight((value, coefficient) => field.multiply(value, place) ^ coefficient, 0);
      const factor = field.multiply(at(weights, position), check);
      write(index, field.multiply(factor, innerProduct(field, change, ofColumns)));
    }
    equations.push(...bits);
  }
  return equations;
}

function randomRow(field: Field, length: number, draw: Draw): Uint16Array {
  return Uint16Array.from({ length }, () => draw() >>> (32 - field.bits));
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
