/**
 * Lost data shards from the others and from as many parity shards.
 * @module
 */
import { sumGroups } from "./encoder.ts";
import { at, codeLength, type Field, nextPowerOfTwo } from "./field.ts";
import { locatorLogs } from "./locator.ts";
import type { RowKernel } from "./row-kernel.ts";
import { stripBytesFor } from "./strips.ts";

type Shards = readonly (Uint8Array | undefined)[];

/** At least one lost shard, at least as many parity shards. Counts and lengths are checked by the caller. */
export function decodeStrips(
  kernel: RowKernel,
  field: Field,
  data: Shards,
  parity: Shards,
  recovered: readonly Uint8Array[],
  shardSize: number,
): void {
  const groupSize = nextPowerOfTwo(parity.length);
  const lost = [...data.keys()].filter((index) => data[index] === undefined);
  const chosen = [...parity.keys()].filter((index) => parity[index] !== undefined).slice(0, lost.length);
  const missing = new Uint8Array(codeLength(data.length, parity.length)).fill(1, 0, groupSize);
  for (const index of chosen) missing[index] = 0;
  for (const index of lost) missing[groupSize + index] = 1;
  const locator = locatorLogs(field, missing);
  decodeByTransforms({ kernel, field, groupSize, data, parity, lost, chosen, locator, recovered, shardSize });
}

type Job = {
  readonly kernel: RowKernel;
  readonly field: Field;
  readonly groupSize: number;
  readonly data: Shards;
  readonly parity: Shards;
  readonly lost: readonly number[];
  readonly chosen: readonly number[];
  readonly locator: Uint32Array;
  readonly recovered: readonly Uint8Array[];
  readonly shardSize: number;
};

/**
 * With L as in `locator.ts` and s(y) the parity that is received plus that of the data which is there, the polynomial
 * F of degree below np2(m) that is s(y) L(y) at the chosen parity places and zero at the other parity places has
 * F(z) = c(z) L'(z) d(z) at each lost place, where d(z) is the product of z - y over all parity places: z / np2(m).
 */
function decodeByTransforms(job: Job): void {
  const { kernel, field, groupSize, data, parity, lost, chosen, locator, recovered, shardSize } = job;
  const { modulus, exp, log } = field;
  const neededParity = new Uint8Array(groupSize);
  for (const index of chosen) neededParity[index] = 1;
  const groups = groupsOf(lost, groupSize);
  const stripBytes = stripBytesFor(2 * groupSize, shardSize);
  try {
    for (let from = 0; from < shardSize; from += stripBytes) {
      kernel.open(2 * groupSize, Math.min(stripBytes, shardSize - from));
      sumGroups(kernel, data, groupSize, from);
      kernel.forward(0, groupSize, 0, neededParity);
      for (let index = 0; index < groupSize; index++) {
        const shard = parity[index];
        if (shard === undefined || neededParity[index] === 0) {
          kernel.clear(index);
        } else {
          kernel.load(groupSize, shard, from);
          kernel.add(index, groupSize);
          kernel.scale(index, at(exp, at(locator, index)));
        }
      }
      kernel.inverse(0, groupSize, groupSize, 0);
      let output = 0;
      for (const { start, needed, members } of groups) {
        kernel.copy(groupSize, 0, groupSize);
        kernel.forward(groupSize, groupSize, groupSize + start, needed);
        for (const member of members) {
          const place = groupSize + start + member;
          const divisor = (at(locator, place) + at(log, Math.floor(place / groupSize))) % modulus;
          kernel.scale(groupSize + member, at(exp, modulus - divisor));
          const shard = recovered[output++];
          if (shard !== undefined) kernel.store(groupSize + member, shard, from);
        }
      }
    }
  } finally {
    kernel.close();
  }
}

type LostGroup = { readonly start: number; readonly needed: Uint8Array; readonly members: readonly number[] };

function groupsOf(lost: readonly number[], groupSize: number): LostGroup[] {
  const membersByStart = new Map<number, number[]>();
  for (const index of lost) {
    const start = index - (index % groupSize);
    const members = membersByStart.get(start) ?? [];
    membersByStart.set(start, [...members, index - start]);
  }
  return [...membersByStart].map(([start, members]) => {
    const needed = new Uint8Array(groupSize);
    for (const member of members) needed[member] = 1;
    return { start, needed, members };
  });
}
