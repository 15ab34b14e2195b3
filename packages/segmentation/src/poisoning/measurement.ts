/**
 * What the candidates of a set say about each other, seen through sketches.
 * @module
 */
import { at } from "../erasure/field.ts";
import type { Checks } from "./checks.ts";
import type { Draw } from "./random.ts";
import { addMultiple } from "./rows.ts";
import { Sketcher } from "./sketch.ts";

/** Position in the codeword (data first, then parity) → different candidates, at least one, first come first. */
export type Candidates = ReadonlyMap<number, readonly Uint8Array[]>;

/** A candidate besides the first one of its position. */
export type Alternative = {
  readonly position: number;
  /** Among the candidates, 1 or more. */
  readonly index: number;
  /** Sketch of what taking it instead of the first one changes. */
  readonly change: Uint16Array;
};

export type Measurement = {
  /** Of the first candidates together; one row for each check. */
  readonly syndromes: readonly Uint16Array[];
  /** Those of one position follow each other. */
  readonly alternatives: readonly Alternative[];
};

/** @param columns - of a sketch */
export function measure(checks: Checks, candidates: Candidates, columns: number, draw: Draw): Measurement {
  const { field, shardSize, places, weights, rows } = checks;
  // What satisfies no check need not be seen.
  if (rows === 0) return { syndromes: [], alternatives: [...alternativesIn(candidates)] };
  const sketcher = new Sketcher(field, shardSize, columns, draw);
  const syndromes = Array.from({ length: rows }, () => new Uint16Array(sketcher.columns));
  const alternatives: Alternative[] = [];
  for (const [position, [first, ...others]] of candidates) {
    if (first === undefined) continue;
    const sketch = sketcher.sketch(first);
    let factor = at(weights, position);
    for (const syndrome of syndromes) {
      addMultiple(field, syndrome, sketch, factor);
      factor = field.multiply(factor, at(places, position));
    }
    for (const [index, other] of others.entries()) {
      const change = sketcher.sketch(other);
      addMultiple(field, change, sketch, 1);
      alternatives.push({ position, index: index + 1, change });
    }
  }
  return { syndromes, alternatives };
}

function* alternativesIn(candidates: Candidates): Generator<Alternative> {
  for (const [position, shards] of candidates) {
    for (let index = 1; index < shards.length; index++) yield { position, index, change: new Uint16Array(0) };
  }
}
