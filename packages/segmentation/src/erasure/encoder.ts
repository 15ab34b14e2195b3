/**
 * Parity over a field: the values at the places 0 to np2(m) - 1 of what the data at the places after them sum up to.
 * @module
 */
import { nextPowerOfTwo } from "./field.ts";
import type { RowKernel } from "./row-kernel.ts";
import { eachStrip } from "./strips.ts";

/** Two or more parity shards. Counts and lengths are checked by the caller. */
export function encodeStrips(
  kernel: RowKernel,
  data: readonly Uint8Array[],
  parity: readonly Uint8Array[],
  shardSize: number,
): void {
  const groupSize = nextPowerOfTwo(parity.length);
  const needed = new Uint8Array(groupSize).fill(1, 0, parity.length);
  eachStrip(kernel, 2 * groupSize, shardSize, (from) => {
    sumGroups(kernel, data, groupSize, from);
    kernel.forward(0, groupSize, 0, needed);
    for (const [index, shard] of parity.entries()) kernel.store(index, shard, from);
  });
}

/** Parity of one shard: all data, added up; for decoding, all shards that are there. */
export function addStrips(kernel: RowKernel, shards: readonly Uint8Array[], sum: Uint8Array, shardSize: number): void {
  eachStrip(kernel, 2, shardSize, (from) => {
    kernel.clear(0);
    for (const shard of shards) {
      kernel.load(1, shard, from);
      kernel.add(0, 1);
    }
    kernel.store(0, sum, from);
  });
}

/** Coefficients of all groups of data, added up, to rows 0 to groupSize - 1; the next groupSize rows are used too. */
export function sumGroups(
  kernel: RowKernel,
  data: readonly (Uint8Array | undefined)[],
  groupSize: number,
  from: number,
): void {
  for (let start = 0; start < data.length; start += groupSize) {
    const first = start === 0;
    const row = first ? 0 : groupSize;
    const used = Math.min(groupSize, data.length - start);
    for (let index = 0; index < used; index++) {
      const shard = data[start + index];
      if (shard === undefined) kernel.clear(row + index);
      else kernel.load(row + index, shard, from);
    }
    if (first) kernel.inverse(0, groupSize, used, groupSize);
    else kernel.inverseInto(0, row, groupSize, used, groupSize + start);
  }
}
