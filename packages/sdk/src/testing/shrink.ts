/**
 * Of many things that happen in a simulation and make it fail, the few that are enough.
 * Algorithm: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (delta debugging).
 * @module
 */

export type ShrinkOptions = {
  /** Of `fails`; what has been found until then is the answer. @default 200 */
  readonly maxRuns?: number;
};

/**
 * Leaves out as much as it can.
 *
 * @param items - all together, they fail
 * @param fails - whether some of them, in their order, still do
 * @returns some of the items, in their order; unless `maxRuns` was reached, leaving out any one of them makes it pass
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
  { maxRuns = 200 }: ShrinkOptions = {},
): Promise<readonly Item[]> {
  let smallest = items;
  let runs = 0;
  let size = Math.ceil(items.length / 2);
  while (smallest.length > 0) {
    let hasShrunk = false;
    for (let from = 0; from < smallest.length; ) {
      if (runs === maxRuns) return smallest;
      runs += 1;
      const rest = smallest.toSpliced(from, size);
      if (await fails(rest)) {
        smallest = rest;
        hasShrunk = true;
      } else from += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!hasShrunk) break;
  }
  return smallest;
}
