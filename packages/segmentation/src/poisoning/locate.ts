/**
 * Finds positions where no candidate is true, from the syndromes alone.
 *
 * The syndromes of t wrong shards satisfy one linear recurrence, the same in every column, whose polynomial is zero at
 * their t places. With a polynomial of degree d at most, r checks give r - d shifts of the recurrence.
 * @module
 */
import { at } from "../erasure/field.ts";
import type { Checks } from "./checks.ts";
import type { Measurement } from "./measurement.ts";
import { type Draw, randomRow } from "./random.ts";
import { addMultiple, Echelon } from "./rows.ts";

/**
 * Wrong positions, if there are no others with the same syndromes. With s the rank of the syndromes, which is that of
 * the errors, these are at most (r + s - 1) / 2: r / 2 where one column holds all errors, r - 1 where none depends on
 * the others.
 * Source: Roth and Vontobel, "Coding for combined block-symbol error correction" (2014); for s = t Metzner and
 * Kapturowski (1990).
 *
 * @returns fewer positions than there are checks, or undefined
 */
export function locate(checks: Checks, syndromes: readonly Uint16Array[]): number[] | undefined {
  const { field, rows, effort } = checks;
  // Of independent columns there are at most as many as rows.
  if (!effort.spend(rows * rows * (syndromes[0]?.length ?? 0))) return undefined;
  const independent = new Echelon(field);
  for (const syndrome of syndromes) independent.insert(syndrome.slice());
  const { pivots } = independent;
  if (pivots.length === 0) return [];
  const degree = Math.floor((rows + pivots.length - 1) / 2);
  if (!effort.spend(degree * degree * (rows - degree) * pivots.length)) return undefined;
  // These columns tell as much as all.
  const columns = syndromes.map((syndrome) => Uint16Array.from(pivots, (pivot) => at(syndrome, pivot)));
  const shifts = Array.from({ length: degree + 1 }, (_, order) => concat(columns.slice(order, order + rows - degree)));
  return zerosOf(checks, shortestRecurrence(new Echelon(field), shifts));
}

/**
 * The same where every other position may have alternatives that would account for its part of the syndromes: an
 * unknown multiple of each change is allowed for.
 *
 * @param alignment - `possible` finds at most r / 2, also where many shards were changed in the same columns; `none`
 *   finds almost as many as there are checks, if nearly all changes are independent
 */
export function locateBeside(
  checks: Checks,
  { syndromes, alternatives }: Measurement,
  alignment: "possible" | "none",
  draw: Draw,
): number[] | undefined {
  const { field, rows, places, effort } = checks;
  const columns = syndromes[0]?.length ?? 0;
  if (columns === 0 || alternatives.length === 0) return undefined;
  // Each combination of shifts gives one equation for each column.
  const combinationsFor = (degree: number) => Math.ceil((1.3 * (alternatives.length + degree + 1)) / columns);
  const degree = alignment === "possible" ? rows >> 1 : rows - combinationsFor(rows);
  const shifts = rows - degree;
  const needed = combinationsFor(degree);
  if (degree < 1 || needed > shifts) return undefined;
  if (!effort.spend((alternatives.length + degree) ** 2 * needed * columns)) return undefined;
  const combinations = Array.from({ length: needed }, () => randomRow(field, shifts, draw));

  const explained = new Echelon(field);
  for (const { position, change } of alternatives) {
    const scaled = combinations.map((combination) => {
      const row = new Uint16Array(columns);
      addMultiple(field, row, change, valueAt(checks, combination, at(places, position)));
      return row;
    });
    // Room for the mark of `shortestRecurrence`.
    explained.insert(concat([...scaled, new Uint16Array(degree + 1)]));
  }
  const shifted = Array.from({ length: degree + 1 }, (_, order) =>
    concat(
      combinations.map((combination) => {
        const row = new Uint16Array(columns);
        for (const [shift, factor] of combination.entries()) {
          addMultiple(field, row, syndromes[order + shift] ?? row, factor);
        }
        return row;
      }),
    ),
  );
  return zerosOf(checks, shortestRecurrence(explained, shifted));
}

/** The coefficients, lowest first, of a sum of `rows` that is nothing but rows of `echelon`: with the fewest rows. */
function shortestRecurrence(echelon: Echelon, rows: readonly Uint16Array[]): Uint16Array | undefined {
  for (const [order, row] of rows.entries()) {
    // The mark tells which rows it took to bring this one to nothing.
    const mark = new Uint16Array(rows.length);
    mark[order] = 1;
    const marked = concat([row, mark]);
    if (!echelon.insert(marked, row.length)) return marked.subarray(row.length, row.length + order + 1);
  }
  return undefined;
}

/** The positions where `polynomial` is zero, if they are as many as its degree. */
function zerosOf(checks: Checks, polynomial: Uint16Array | undefined): number[] | undefined {
  if (polynomial === undefined) return undefined;
  const { positions, places } = checks;
  const zeros = positions.filter((position) => valueAt(checks, polynomial, at(places, position)) === 0);
  return zeros.length === polynomial.length - 1 ? zeros : undefined;
}

export function valueAt({ field }: Checks, polynomial: Uint16Array, x: number): number {
  let value = 0;
  for (let power = polynomial.length - 1; power >= 0; power--) value = field.multiply(value, x) ^ at(polynomial, power);
  return value;
}

function concat(parts: readonly Uint16Array[]): Uint16Array {
  const whole = new Uint16Array(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}
