/**
 * Finds the positions of wrong shards from their syndromes alone.
 *
 * The syndromes of t wrong shards satisfy one linear recurrence, the same in every column, whose polynomial is zero at
 * the wrong places. The rank of the syndromes tells how far the columns are independent of each other, and so how
 * many of the recurrences of a code with r checks are needed: with rank s every t of at most (r + s - 1) / 2 is found,
 * which is r / 2 for errors that are all alike and r - 1 for independent ones.
 * Source: Roth and Vontobel, "Coding for combined block-symbol error correction" (2014), for the bound; Metzner and
 * Kapturowski (1990) for s = t.
 * @module
 */
import { at } from "../erasure/field.ts";
import type { Checks } from "./checks.ts";
import { Echelon } from "./rows.ts";

/** @returns wrong positions, fewer than there are checks, or undefined where there are too many */
export function locate(checks: Checks, syndromes: readonly Uint16Array[]): number[] | undefined {
  const recurrence = shortestRecurrence(checks, syndromes);
  if (recurrence === undefined) return undefined;
  const { field, positions, places } = checks;
  const wrong = positions.filter((position) => {
    const place = at(places, position);
    return recurrence.reduceRight((value, coefficient) => field.multiply(value, place) ^ coefficient, 0) === 0;
  });
  return wrong.length === recurrence.length - 1 ? wrong : undefined;
}

/** Its coefficients, lowest first. */
function shortestRecurrence({ field, rows }: Checks, syndromes: readonly Uint16Array[]): number[] | undefined {
  const columns = new Echelon(field);
  for (const row of syndromes) columns.insert(row.slice());
  const { pivots } = columns;
  if (pivots.length === 0) return [1];
  const degree = Math.floor((rows + pivots.length - 1) / 2);
  if (degree >= rows) return undefined;
  const shifts = rows - degree;
  const width = shifts * pivots.length;
  const shifted = new Echelon(field);
  for (let order = 0; order <= degree; order++) {
    const row = new Uint16Array(width + degree + 1);
    for (let shift = 0; shift < shifts; shift++) {
      const syndrome = syndromes[order + shift];
      for (const [index, pivot] of pivots.entries()) row[shift * pivots.length + index] = syndrome?.[pivot] ?? 0;
    }
    // Which rows it took to bring this one to nothing.
    row[width + order] = 1;
    if (!shifted.insert(row, width)) return Array.from(row.subarray(width, width + order + 1));
  }
  return undefined;
}
