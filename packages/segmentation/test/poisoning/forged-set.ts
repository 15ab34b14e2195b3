/**
 * Sets of segments with forged ones among them, as a reassembler would hold them.
 * @module
 */
import { ErasureCode } from "../../src/erasure.ts";
import { Effort } from "../../src/poisoning/effort.ts";
import { type Candidates, findTrueShards } from "../../src/poisoning/find-true-shards.ts";

/** Numbers that look random and are the same in every run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  bytes(length: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => this.#next());
    return new Uint8Array(words.buffer, 0, length).slice();
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }

  /** `count` of the numbers below `limit`, in no order. */
  some(count: number, limit: number): number[] {
    const numbers = Array.from({ length: limit }, (_, index) => index);
    for (let index = 0; index < count; index++) {
      const other = index + this.below(limit - index);
      [numbers[index], numbers[other]] = [numbers[other] ?? 0, numbers[index] ?? 0];
    }
    return numbers.slice(0, count);
  }
}

export type Shape = { readonly dataCount: number; readonly parityCount: number; readonly shardSize: number };

/** Shards of a codeword, data first; the last data shard is `lastLength` long. */
export function codewordOf(shape: Shape, dice: Dice, lastLength = shape.shardSize): Uint8Array[] {
  const { dataCount, parityCount, shardSize } = shape;
  const data = Array.from({ length: dataCount }, (_, index) =>
    dice.bytes(index === dataCount - 1 ? lastLength : shardSize),
  );
  return [...data, ...parityOf(data, parityCount, shardSize)];
}

export function parityOf(data: readonly Uint8Array[], parityCount: number, shardSize: number): Uint8Array[] {
  const parity = Array.from({ length: parityCount }, () => new Uint8Array(shardSize));
  if (data.length === 1) for (const shard of parity) shard.set(data[0] ?? shard);
  else new ErasureCode().encode(data, parity, shardSize);
  return parity;
}

/**
 * - `garbage`: nothing of the true shard is left
 * - `one-byte`: some byte differs
 * - `same-byte`: the first byte differs, so that all forgeries are in one column
 */
export type Forgery = "garbage" | "one-byte" | "same-byte";

export function forge(shard: Uint8Array, forgery: Forgery, dice: Dice): Uint8Array {
  const forged = forgery === "garbage" ? dice.bytes(shard.length) : shard.slice();
  const index = forgery === "one-byte" ? dice.below(shard.length) : 0;
  if (equal(forged, shard)) forged[index] = (forged[index] ?? 0) ^ (1 + dice.below(255));
  return forged;
}

/** A set in which only true shards are held, for tests to change. */
export function candidatesOf(truth: readonly Uint8Array[]): Map<number, Uint8Array[]> {
  return new Map(truth.map((shard, position) => [position, [shard]]));
}

export type Found = {
  /** Whether what was found decodes to the truth. */
  readonly found: boolean;
  readonly attempts: number;
};

/** Lets `findTrueShards` work on a set whose true shards are known. */
export function search(
  shape: Shape,
  truth: readonly Uint8Array[],
  candidates: Candidates,
  { attempts = 32, seed = 1, steps = 2 ** 31 }: { attempts?: number; seed?: number; steps?: number } = {},
): Found {
  const dice = new Dice(seed);
  let calls = 0;
  const isWhole = (choice: ReadonlyMap<number, Uint8Array>) => {
    calls += 1;
    if (calls > attempts) throw new Error(`want at most ${attempts} attempts`);
    return decodesTo(shape, truth, choice);
  };
  const random = (length: number) => dice.bytes(length);
  const choice = findTrueShards({
    ...shape,
    candidates,
    random,
    budget: { attempts, effort: new Effort(steps) },
    isWhole,
  });
  return { found: choice !== undefined && decodesTo(shape, truth, choice), attempts: calls };
}

function decodesTo(
  { dataCount, parityCount, shardSize }: Shape,
  truth: readonly Uint8Array[],
  choice: ReadonlyMap<number, Uint8Array>,
): boolean {
  const data = Array.from({ length: dataCount }, (_, position) => choice.get(position));
  const parity = Array.from({ length: parityCount }, (_, index) => choice.get(dataCount + index));
  const lost = data.flatMap((shard, position) => (shard === undefined ? [position] : []));
  const recovered = lost.map((position) => new Uint8Array(truth[position]?.length ?? 0));
  if (dataCount === 1) {
    const copy = parity.find((shard) => shard !== undefined);
    if (copy !== undefined) for (const shard of recovered) shard.set(copy);
  } else if (lost.length > 0) new ErasureCode().decode(data, parity, recovered, shardSize);
  for (const [index, position] of lost.entries()) data[position] = recovered[index];
  return data.every((shard, position) => shard !== undefined && equal(shard, truth[position]));
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}
