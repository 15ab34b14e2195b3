/**
 * Systems of linear equations over GF(2).
 * @module
 */
export type BinarySolution = {
  /** 1 for each unknown that is set in one solution. */
  readonly particular: Uint8Array;
  /** Unknowns that may be flipped together; all solutions come from the one by such flips, each in one way. */
  readonly flips: readonly (readonly number[])[];
};

/**
 * @param equations - bit i belongs to unknown i, bit `unknowns` is the right side
 * @returns undefined if there is no solution
 */
export function solveBits(equations: readonly Uint32Array[], unknowns: number): BinarySolution | undefined {
  const words = (unknowns >> 5) + 1;
  const bits = new Uint32Array(equations.length * words);
  for (const [index, equation] of equations.entries()) bits.set(equation, index * words);
  /** Where rows start: those with a pivot first. */
  const starts = Array.from(equations, (_, index) => index * words);
  const hasBit = (start: number, bit: number) => ((wordAt(bits, start + (bit >> 5)) >>> (bit & 31)) & 1) === 1;

  const pivots: number[] = [];
  const free: number[] = [];
  for (let unknown = 0; unknown < unknowns; unknown++) {
    const rank = pivots.length;
    const found = starts.findIndex((start, index) => index >= rank && hasBit(start, unknown));
    const pivot = starts[found];
    if (pivot === undefined) {
      free.push(unknown);
      continue;
    }
    starts[found] = starts[rank] ?? pivot;
    starts[rank] = pivot;
    pivots.push(unknown);
    for (let start = 0; start < bits.length; start += words) {
      if (start === pivot || !hasBit(start, unknown)) continue;
      for (let word = unknown >> 5; word < words; word++) {
        bits[start + word] = wordAt(bits, start + word) ^ wordAt(bits, pivot + word);
      }
    }
  }
  const [solved, empty] = [starts.slice(0, pivots.length), starts.slice(pivots.length)];
  if (empty.some((start) => hasBit(start, unknowns))) return undefined;
  const pivotsWith = (bit: number) => pivots.filter((_, index) => hasBit(solved[index] ?? 0, bit));
  const particular = new Uint8Array(unknowns);
  for (const pivot of pivotsWith(unknowns)) particular[pivot] = 1;
  return { particular, flips: free.map((unknown) => [unknown, ...pivotsWith(unknown)]) };
}

/** Not `at`, which is slower for having seen arrays of all kinds. */
function wordAt(words: Uint32Array, index: number): number {
  return words[index] as number;
}
