/**
 * Lost data shards from the others and from as many parity shards, in the cheapest of three ways.
 * @module
 */
import { sumGroups } from "./encoder.ts";
import { at, codeLength, type Field, nextPowerOfTwo } from "./field.ts";
import { locatorLogs, recoveryFactors, type Shortage } from "./locator.ts";
import { MAX_PRODUCT_INPUTS, type RowKernel } from "./row-kernel.ts";
import { eachStrip } from "./strips.ts";

type Shards = readonly (Uint8Array | undefined)[];

/** One call: what is there, in the places that `locator.ts` counts. */
type Job = Shortage & {
  readonly kernel: RowKernel;
  readonly data: Shards;
  /** As many parity shards as are needed, at the places `received`. */
  readonly parity: readonly Uint8Array[];
  readonly received: readonly number[];
  /** In the order of `lost`. */
  readonly recovered: readonly Uint8Array[];
  readonly shardSize: number;
};

/** At least one lost shard, at least as many parity shards. Counts and lengths are checked by the caller. */
export function decodeStrips(
  kernel: RowKernel,
  field: Field,
  data: Shards,
  allParity: Shards,
  recovered: readonly Uint8Array[],
  shardSize: number,
): void {
  const groupSize = nextPowerOfTwo(allParity.length);
  const missing = new Uint8Array(codeLength(data.length, allParity.length)).fill(1, 0, groupSize);
  const lost: number[] = [];
  for (const [index, shard] of data.entries()) if (shard === undefined) lost.push(groupSize + index);
  for (const place of lost) missing[place] = 1;
  const parity: Uint8Array[] = [];
  const received: number[] = [];
  for (const [place, shard] of allParity.entries()) {
    if (shard === undefined || parity.length === lost.length) continue;
    parity.push(shard);
    received.push(place);
    missing[place] = 0;
  }
  const locator = locatorLogs(field, missing);
  const job = { kernel, field, groupSize, lost, locator, data, parity, received, recovered, shardSize };
  const decode = cheapestWay(job);
  decode(job);
}

/** Compares what each way does to a shard, in instructions of the WebAssembly kernels for 16 bytes. */
function cheapestWay({ field, groupSize, lost }: Shortage): (job: Job) => void {
  const layers = Math.log2(groupSize);
  const product = field.bits / 2;
  const transform = layers * (product + 1);
  if (lost.length * product < transform) return decodeDirectly;
  const groups = 1 + new Set(lost.map((place) => Math.floor(place / groupSize))).size;
  return lost.length ** 2 * product < groups * groupSize * transform ? decodeBySyndromes : decodeByTransforms;
}

/** For a few: each lost shard is a sum of multiples of all shards that are there. */
function decodeDirectly(job: Job): void {
  const { kernel, groupSize, data, parity, received, lost, recovered, shardSize } = job;
  const present = parity.map((shard, index) => ({ shard, place: at(received, index) }));
  for (const [index, shard] of data.entries()) if (shard) present.push({ shard, place: groupSize + index });
  const batches = batchesOf(present).map((batch) => {
    const places = batch.map(({ place }) => place);
    return { shards: batch.map(({ shard }) => shard), factors: recoveryFactors(job, places) };
  });
  eachStrip(kernel, lost.length + MAX_PRODUCT_INPUTS, shardSize, (from) => {
    for (let row = 0; row < lost.length; row++) kernel.clear(row);
    for (const { shards, factors } of batches) {
      for (const [index, shard] of shards.entries()) kernel.load(lost.length + index, shard, from);
      kernel.product(0, lost.length, lost.length, shards.length, factors);
    }
    for (const [row, shard] of recovered.entries()) kernel.store(row, shard, from);
  });
}

/** For more: the same of the syndromes alone, which are the parity received plus that of the data which is there. */
function decodeBySyndromes(job: Job): void {
  const { kernel, groupSize, received, lost, recovered, shardSize } = job;
  const batches = batchesOf(received).map((places) => ({
    count: places.length,
    factors: recoveryFactors(job, places),
  }));
  const outputs = 2 * groupSize;
  eachStrip(kernel, outputs + lost.length, shardSize, (from) => {
    loadSyndromes(job, from);
    for (const [index, place] of received.entries()) kernel.copy(groupSize + index, place, 1);
    for (let index = 0; index < lost.length; index++) kernel.clear(outputs + index);
    let inputs = groupSize;
    for (const { count, factors } of batches) {
      kernel.product(outputs, lost.length, inputs, count, factors);
      inputs += count;
    }
    for (const [index, shard] of recovered.entries()) kernel.store(outputs + index, shard, from);
  });
}

/**
 * For many. Let s(y) be the syndromes and L as in `locator.ts`. The polynomial F of degree below groupSize that is
 * s(y) L(y) at the places received and zero at the other parity places has F(z) = c(z) L'(z) d(z) at each lost place
 * z, where d(z) is the product of z - y over all parity places y: z / groupSize, of the integers.
 */
function decodeByTransforms(job: Job): void {
  const { kernel, field, groupSize, received, locator, recovered, shardSize } = job;
  const { exp } = field;
  const kept = new Set(received);
  const groups = lostGroups(job);
  eachStrip(kernel, 2 * groupSize, shardSize, (from) => {
    loadSyndromes(job, from);
    for (let place = 0; place < groupSize; place++) if (!kept.has(place)) kernel.clear(place);
    for (const place of received) kernel.scale(place, at(exp, at(locator, place)));
    kernel.inverse(0, groupSize, groupSize, 0);
    let output = 0;
    for (const { point, needed, members } of groups) {
      kernel.copy(groupSize, 0, groupSize);
      kernel.forward(groupSize, groupSize, point, needed);
      for (const { row, factor } of members) {
        kernel.scale(groupSize + row, factor);
        const shard = recovered[output++];
        if (shard !== undefined) kernel.store(groupSize + row, shard, from);
      }
    }
  });
}

/** Syndromes to the rows of the places received; the other rows below 2 × groupSize hold leavings. */
function loadSyndromes({ kernel, groupSize, data, parity, received }: Job, from: number): void {
  const needed = new Uint8Array(groupSize);
  for (const place of received) needed[place] = 1;
  sumGroups(kernel, data, groupSize, from);
  kernel.forward(0, groupSize, 0, needed);
  for (const [index, shard] of parity.entries()) {
    kernel.load(groupSize, shard, from);
    kernel.add(at(received, index), groupSize);
  }
}

type LostGroup = {
  readonly point: number;
  /** One for each row of the group. */
  readonly needed: Uint8Array;
  /** Rows that are lost, and 1 / (L'(z) d(z)) of each. */
  readonly members: { readonly row: number; readonly factor: number }[];
};

function lostGroups({ field, groupSize, lost, locator }: Job): LostGroup[] {
  const { modulus, exp, log } = field;
  const groups = new Map<number, LostGroup>();
  for (const place of lost) {
    const row = place % groupSize;
    const point = place - row;
    const group = groups.get(point) ?? { point, needed: new Uint8Array(groupSize), members: [] };
    groups.set(point, group);
    const divisor = (at(locator, place) + at(log, point / groupSize)) % modulus;
    group.needed[row] = 1;
    group.members.push({ row, factor: at(exp, modulus - divisor) });
  }
  return [...groups.values()];
}

function batchesOf<T>(all: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < all.length; start += MAX_PRODUCT_INPUTS) {
    batches.push(all.slice(start, start + MAX_PRODUCT_INPUTS));
  }
  return batches;
}
