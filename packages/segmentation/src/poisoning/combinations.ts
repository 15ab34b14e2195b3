/**
 * Goes through the solutions in which no position has two alternatives at once.
 *
 * Flips that share no position do not concern each other. They are sorted out group by group, because a forger can
 * make many small groups at little cost, which together have too many combinations to look at.
 * @module
 */
import { at } from "../erasure/field.ts";
import type { BinarySolution } from "./binary-system.ts";

/** Combinations of flips looked at in one group; no budget for the hash reaches further. */
const MAX_COMBINATIONS = 1_024;

/**
 * @param positions - of each unknown
 * @returns the unknowns that are set in each such solution: first what is nearest to none in every group
 */
export function* consistentChoices(
  positions: readonly number[],
  { particular, flips }: BinarySolution,
): Generator<readonly number[]> {
  const groups = groupsOf(positions, flips);
  const fixed: number[] = [];
  const open: (readonly (readonly number[])[])[] = [];
  for (const { unknowns, flips } of groups) {
    const options = optionsOf(positions, particular, unknowns, flips);
    const [first] = options;
    if (first === undefined) return;
    if (options.length === 1) fixed.push(...first);
    else open.push(options);
  }
  for (let deviations = 0; deviations <= open.length; deviations++) {
    for (const picked of pick(open, 0, deviations)) yield [...fixed, ...picked];
  }
}

type Group = { readonly unknowns: number[]; readonly flips: (readonly number[])[] };

/** Unknowns of one position are in one group, and so are those that one flip joins. */
function groupsOf(positions: readonly number[], flips: BinarySolution["flips"]): Iterable<Group> {
  const parents = new Map<number, number>();
  const rootOf = (position: number): number => {
    let root = position;
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
    if (root !== position) parents.set(position, root);
    return root;
  };
  for (const [first = 0, ...others] of flips) {
    for (const other of others) {
      const root = rootOf(positions[other] ?? 0);
      const joined = rootOf(positions[first] ?? 0);
      if (root !== joined) parents.set(root, joined);
    }
  }
  const groups = new Map<number, Group>();
  for (const [unknown, position] of positions.entries()) {
    const root = rootOf(position);
    const group = groups.get(root) ?? { unknowns: [], flips: [] };
    group.unknowns.push(unknown);
    groups.set(root, group);
  }
  for (const flip of flips) groups.get(rootOf(positions[flip[0] ?? 0] ?? 0))?.flips.push(flip);
  return groups.values();
}

/** The unknowns set in each solution for one group, fewest first. */
function optionsOf(
  positions: readonly number[],
  particular: Uint8Array,
  unknowns: readonly number[],
  flips: BinarySolution["flips"],
): (readonly number[])[] {
  const options: number[][] = [];
  const bits = particular.slice();
  const combinations = Math.min(2 ** flips.length, MAX_COMBINATIONS);
  for (let combination = 1; ; combination++) {
    const set = unknowns.filter((unknown) => at(bits, unknown) === 1);
    // Unknowns of one position follow each other.
    if (set.every((unknown, index) => index === 0 || positions[unknown] !== positions[set[index - 1] ?? 0])) {
      options.push(set);
    }
    if (combination === combinations) break;
    // In the order of a Gray code, the next combination differs by one flip.
    const flip = flips[31 - Math.clz32(combination & -combination)] ?? [];
    for (const unknown of flip) bits[unknown] = at(bits, unknown) ^ 1;
  }
  return options.sort((a, b) => a.length - b.length);
}

/** All ways to take another option than the first in just `deviations` of the groups from `start` on. */
function* pick(
  groups: readonly (readonly (readonly number[])[])[],
  start: number,
  deviations: number,
): Generator<readonly number[]> {
  if (deviations === 0) {
    yield groups.slice(start).flatMap(([first = []]) => first);
    return;
  }
  for (let index = start; index + deviations <= groups.length; index++) {
    const before = groups.slice(start, index).flatMap(([first = []]) => first);
    for (const option of (groups[index] ?? []).slice(1)) {
      for (const after of pick(groups, index + 1, deviations - 1)) yield [...before, ...option, ...after];
    }
  }
}
