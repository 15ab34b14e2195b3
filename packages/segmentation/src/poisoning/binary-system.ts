/**
 * Systems of linear equations over GF(2).
 * @module
 */
import { at } from "../erasure/field.ts";

export type BinarySolution = {
  /** 1 for each unknown that is set in one solution. */
  readonly particular: Uint8Array;
  /** Unknowns that may be flipped together; all solutions come from the one by such flips, each in one way. */
  readonly flips: readonly (readonly number[])[];
};

/**
 * @param equations - bit i belongs to unknown i, bit `unknowns` is the right side; they are used up
 * @returns undefined if there is no solution
 */
export function solveBits(equations: readonly Uint32Array[], unknowns: number): BinarySolution | undefined {
  const rows = [...equations];
  const pivots: number[] = [];
  const free: number[] = [];
  for (let unknown = 0; unknown < unknowns; unknown++) {
    const rank = pivots.length;
    const found = rows.findIndex((row, index) => index >= rank && hasBit(row, unknown));
    const pivotRow = rows[found];
    if (pivotRow === undefined) {
      free.push(unknown);
      continue;
    }
    rows[found] = rows[rank] ?? pivotRow;
    rows[rank] = pivotRow;
    pivots.push(unknown);
    for (const row of rows) {
      if (row !== pivotRow && hasBit(row, unknown)) addFrom(row, pivotRow, unknown >> 5);
    }
  }
  if (rows.slice(pivots.length).some((row) => hasBit(row, unknowns))) return undefined;
  const particular = new Uint8Array(unknowns);
  for (const [index, pivot] of pivots.entries()) {
    const row = rows[index];
    if (row !== undefined && hasBit(row, unknowns)) particular[pivot] = 1;
  }
  const flips = free.map((unknown) => [
    unknown,
    ...pivots.filter((_, index) => {
      const row = rows[index];
      return row !== undefined && hasBit(row, unknown);
    }),
  ]);
  return { particular, flips };
}

function hasBit(row: Uint32Array, bit: number): boolean {
  return ((at(row, bit >> 5) >>> (bit & 31)) & 1) === 1;
}

function addFrom(target: Uint32Array, source: Uint32Array, start: number): void {
  for (let word = start; word < source.length; word++) target[word] = at(target, word) ^ at(source, word);
}
