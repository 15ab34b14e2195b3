import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { solveBits } from "../../src/poisoning/binary-system.ts";

const MAX_UNKNOWNS = 8;
/** Equations of up to 40 unknowns, of which the first few matter: so words change over. */
const OFFSETS = [0, 31, 32];

test("the solutions are those that satisfy every equation, each once", () => {
  const rows = fc.array(fc.tuple(fc.nat(2 ** MAX_UNKNOWNS - 1), fc.nat(1)), { maxLength: 10 });
  const property = fc.property(rows, fc.constantFrom(...OFFSETS), fc.nat(MAX_UNKNOWNS), (rows, offset, count) => {
    const unknowns = offset + count;
    const mask = 2 ** count - 1;
    const equations = rows.map(([coefficients, right]) => {
      const bits = Array.from({ length: count }, (_, index) => (coefficients >> index) & 1);
      return equationOf([...new Array<number>(offset).fill(0), ...bits, right]);
    });
    // The unknowns before the offset are pinned to 0.
    for (let pinned = 0; pinned < offset; pinned++) {
      equations.push(equationOf(Array.from({ length: unknowns + 1 }, (_, index) => (index === pinned ? 1 : 0))));
    }
    const wanted = Array.from({ length: 2 ** count }, (_, values) => values).filter((values) =>
      rows.every(([coefficients, right]) => parityOf(values & coefficients & mask) === right),
    );

    const solution = solveBits(equations, unknowns);
    expect(solution === undefined).toBe(wanted.length === 0);
    if (solution === undefined) return;
    const { particular, flips } = solution;
    const found = Array.from({ length: 2 ** flips.length }, (_, combination) => {
      const values = [...particular];
      for (const [index, flip] of flips.entries()) {
        if ((combination >> index) & 1) for (const unknown of flip) values[unknown] = 1 - (values[unknown] ?? 0);
      }
      expect(values.slice(0, offset)).toEqual(new Array<number>(offset).fill(0));
      return values.slice(offset).reduce((sum, value, index) => sum + value * 2 ** index, 0);
    });
    expect(found.sort((a, b) => a - b)).toEqual(wanted);
  });
  fc.assert(property, { numRuns: 300 });
});

function equationOf(bits: readonly number[]): Uint32Array {
  const words = new Uint32Array(((bits.length - 1) >> 5) + 1);
  for (const [index, bit] of bits.entries()) words[index >> 5] = (words[index >> 5] ?? 0) | (bit << (index & 31));
  return words;
}

function parityOf(value: number): number {
  return value.toString(2).replaceAll("0", "").length % 2;
}
