import { describe, expect, test } from "@jest/globals";
import { Effort } from "../../src/poisoning/effort.ts";
import { findTrueShards } from "../../src/poisoning/find-true-shards.ts";
import { candidatesOf, codewordOf, Dice, type Forgery, forge, parityOf, type Shape, search } from "./forged-set.ts";

const SMALL: Shape = { dataCount: 24, parityCount: 3, shardSize: 1_024 };
const MIDDLE: Shape = { dataCount: 112, parityCount: 16, shardSize: 4_096 };
const LARGE: Shape = { dataCount: 700, parityCount: 99, shardSize: 4_096 };
const FORGERIES: readonly Forgery[] = ["garbage", "one-byte", "same-byte"];

describe("positions without a true candidate", () => {
  test.each([
    ["24 + 3", SMALL, 2],
    ["112 + 16", MIDDLE, 15],
    ["700 + 99", LARGE, 98],
  ])("%s: one less than there is parity is found", (_, shape, forged) => {
    const dice = new Dice(1);
    const truth = codewordOf(shape, dice);
    const candidates = candidatesOf(truth);
    for (const position of [0, ...dice.some(forged, truth.length)].slice(0, forged)) {
      candidates.set(position, [dice.bytes(shape.shardSize)]);
    }
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test.each(FORGERIES)("half of the parity is found, whatever was changed: %s", (forgery) => {
    const dice = new Dice(2);
    const truth = codewordOf(MIDDLE, dice);
    const candidates = candidatesOf(truth);
    for (const position of dice.some(8, truth.length)) {
      candidates.set(position, [forge(truth[position] ?? new Uint8Array(0), forgery, dice)]);
    }
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("they are found in what is left of a set that lost segments", () => {
    const dice = new Dice(3);
    const truth = codewordOf(MIDDLE, dice, 100);
    const candidates = candidatesOf(truth);
    const [lost, forged] = [dice.some(10, truth.length), dice.some(30, truth.length)];
    for (const position of lost) candidates.delete(position);
    const held = forged.filter((position) => candidates.has(position)).slice(0, 5);
    for (const position of held) {
      const { length } = truth[position] ?? new Uint8Array(0);
      candidates.set(position, [dice.bytes(length), dice.bytes(length)]);
    }
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("as many as there are checks are beyond algebra, but few shards allow to try", () => {
    const dice = new Dice(4);
    const shape = { dataCount: 14, parityCount: 1, shardSize: 128 };
    const truth = codewordOf(shape, dice);
    const candidates = candidatesOf(truth).set(9, [dice.bytes(128)]);
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 10 });
    // Of 15 ways to leave one out, not all fit the budget, so none is tried.
    expect(search(shape, truth, candidates, { attempts: 14 })).toEqual({ found: false, attempts: 0 });
  });
});

describe("positions with true and forged candidates", () => {
  test.each([
    ...FORGERIES.map((forgery) => [forgery, "24 + 3", SMALL] as const),
    ...FORGERIES.map((forgery) => [forgery, "112 + 16", MIDDLE] as const),
    ["garbage", "700 + 99", LARGE] as const,
  ])("%s, %s: every position has a twin, in either order", (forgery, _, shape) => {
    const dice = new Dice(5);
    const truth = codewordOf(shape, dice);
    const candidates = new Map(
      truth.map((shard, position) => {
        const twin = forge(shard, forgery, dice);
        return [position, position === 0 || dice.below(2) === 0 ? [twin, shard] : [shard, twin]];
      }),
    );
    const { found, attempts } = search(shape, truth, candidates);
    expect(found).toBe(true);
    // All in one column, 27 bits are more than three checks of 8 bits tell.
    expect(attempts).toBeLessThanOrEqual(shape === SMALL && forgery === "same-byte" ? 16 : 1);
  });

  test("three forged candidates at every position", () => {
    const dice = new Dice(6);
    const truth = codewordOf(MIDDLE, dice);
    const candidates = new Map(
      truth.map((shard, position) => {
        const shards = [dice.bytes(4_096), dice.bytes(4_096), dice.bytes(4_096)];
        shards.splice(dice.below(4), 0, shard);
        return [position, shards];
      }),
    );
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("forged candidates that add up to each other do not multiply the choices", () => {
    const dice = new Dice(7);
    const truth = codewordOf(MIDDLE, dice);
    const candidates = new Map(
      truth.map((shard, position) => {
        const [b, c] = [dice.bytes(4_096), dice.bytes(4_096)];
        const sum = shard.map((byte, index) => byte ^ (b[index] ?? 0) ^ (c[index] ?? 0));
        return [position, [sum, b, shard, c]];
      }),
    );
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("without any loss one check is enough", () => {
    const dice = new Dice(8);
    const shape = { dataCount: 14, parityCount: 1, shardSize: 128 };
    const truth = codewordOf(shape, dice);
    const candidates = new Map(truth.map((shard, position) => [position, [dice.bytes(128), shard]]));
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("two codewords at every position: the hash decides", () => {
    const dice = new Dice(9);
    const truth = codewordOf(MIDDLE, dice);
    const other = codewordOf(MIDDLE, dice);
    const candidates = new Map(truth.map((shard, position) => [position, [other[position] ?? shard, shard]]));
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
    const mixed = new Map(
      [...candidates].map(([position, shards]) => [position, position % 2 === 0 ? shards : shards.toReversed()]),
    );
    const { found, attempts } = search(MIDDLE, truth, mixed);
    expect(found).toBe(true);
    expect(attempts).toBeLessThanOrEqual(2);
  });

  test("codewords that differ in few positions multiply the choices, up to the budget", () => {
    const dice = new Dice(10);
    const truth = codewordOf(SMALL, dice);
    const candidates = candidatesOf(truth);
    // One data shard and the parity are changed together, in four ways.
    for (const position of [0, 1]) {
      const data = truth.slice(0, 24).map((shard, index) => (index === position ? dice.bytes(1_024) : shard));
      const other = [...data, ...parityOf(data, 3, 1_024)];
      for (const index of [position, 24, 25, 26]) candidates.get(index)?.unshift(other[index] ?? new Uint8Array(0));
    }
    const { found, attempts } = search(SMALL, truth, candidates);
    expect(found).toBe(true);
    expect(attempts).toBeLessThanOrEqual(3);
    expect(search(SMALL, truth, candidates, { attempts: attempts - 1 }).found).toBe(false);
  });
});

describe("both in one set", () => {
  test.each([
    ["24 + 3", "garbage", { ...SMALL, shardSize: 8_192 }, 1],
    ["112 + 16", "garbage", MIDDLE, 15 - 2],
    ["112 + 16", "one-byte", { ...MIDDLE, shardSize: 16_384 }, 6],
    ["700 + 99", "garbage", LARGE, 40],
    ["700 + 99", "same-byte", LARGE, 40],
  ] as const)("%s, %s: twins everywhere, but some true ones were lost", (_, forgery, shape, lost) => {
    const dice = new Dice(11);
    const truth = codewordOf(shape, dice);
    const candidates = new Map(truth.map((shard, position) => [position, [forge(shard, forgery, dice), shard]]));
    for (const position of dice.some(lost, truth.length)) candidates.get(position)?.pop();
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("twins almost everywhere, but some true ones were lost", () => {
    const dice = new Dice(19);
    const truth = codewordOf(MIDDLE, dice);
    const candidates = candidatesOf(truth);
    const [lost, untouched] = [dice.some(5, truth.length), dice.some(40, truth.length)];
    for (const [position, shard] of truth.entries()) {
      if (lost.includes(position)) candidates.set(position, [dice.bytes(4_096)]);
      else if (!untouched.includes(position)) candidates.set(position, [dice.bytes(4_096), shard]);
    }
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });

  test("few contested positions are given up where all that was changed is in one column", () => {
    const dice = new Dice(12);
    const truth = codewordOf(MIDDLE, dice);
    const candidates = candidatesOf(truth);
    for (const [index, position] of dice.some(9, truth.length).entries()) {
      const shard = truth[position] ?? new Uint8Array(0);
      const forged = forge(shard, "same-byte", dice);
      candidates.set(position, index < 4 ? [forged, shard] : [forged]);
    }
    expect(search(MIDDLE, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });
});

describe("without checks", () => {
  test("every choice is tried, those with the fewest changes first, if all fit the budget", () => {
    const dice = new Dice(13);
    const shape = { dataCount: 10, parityCount: 0, shardSize: 128 };
    const truth = codewordOf(shape, dice, 7);
    const candidates = candidatesOf(truth);
    for (const position of [2, 5, 9])
      candidates.get(position)?.unshift(forge(truth[position] ?? dice.bytes(1), "garbage", dice));
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 7 });
    expect(search(shape, truth, candidates, { attempts: 7 })).toEqual({ found: false, attempts: 0 });
  });

  test("just enough segments with parity among them", () => {
    const dice = new Dice(14);
    const truth = codewordOf(SMALL, dice);
    const candidates = candidatesOf(truth);
    for (const position of [3, 4, 5]) candidates.delete(position);
    candidates.get(24)?.unshift(dice.bytes(1_024));
    candidates.get(0)?.push(dice.bytes(1_024));
    const { found } = search(SMALL, truth, candidates);
    expect(found).toBe(true);
  });

  test("one shard and its copy", () => {
    const dice = new Dice(15);
    const shape = { dataCount: 1, parityCount: 1, shardSize: 77 };
    const [shard = dice.bytes(77)] = codewordOf(shape, dice);
    const forged = () => dice.bytes(77);
    const missing = new Map([[0, [forged(), forged(), shard]]]);
    expect(search(shape, [shard, shard], missing)).toEqual({ found: true, attempts: 2 });
    const copied = new Map([
      [0, [forged(), forged(), forged()]],
      [1, [forged(), shard]],
    ]);
    expect(search(shape, [shard, shard], copied).found).toBe(true);
    const agreeing = new Map([
      [0, [forged(), shard]],
      [1, [forged(), forged(), shard]],
    ]);
    expect(search(shape, [shard, shard], agreeing)).toEqual({ found: true, attempts: 1 });
  });
});

describe("limits", () => {
  test("what is known to be wrong is not tried again", () => {
    const dice = new Dice(16);
    const other = codewordOf(SMALL, dice);
    expect(search(SMALL, codewordOf(SMALL, dice), candidatesOf(other))).toEqual({ found: false, attempts: 0 });
  });

  test("no attempt is made without a budget", () => {
    const dice = new Dice(17);
    const truth = codewordOf(SMALL, dice);
    const candidates = candidatesOf(truth).set(0, [dice.bytes(1_024)]);
    expect(search(SMALL, truth, candidates, { attempts: 0 })).toEqual({ found: false, attempts: 0 });
  });

  test("a set of 65,536 segments, all of them forged, comes to an end", () => {
    const dice = new Dice(18);
    const pool = dice.bytes(2_048);
    const garbage = () => pool.subarray(0, 64).map((_, index) => (pool[index] ?? 0) ^ dice.below(256));
    const candidates = new Map(Array.from({ length: 60_000 }, (_, position) => [position, [garbage()]] as const));
    const found = findTrueShards({
      dataCount: 57_344,
      parityCount: 8_192,
      shardSize: 64,
      candidates,
      random: (length) => dice.bytes(length),
      budget: { attempts: 3, effort: new Effort(2 ** 31) },
      isWhole: () => false,
    });
    expect(found).toBeUndefined();
  });
});
