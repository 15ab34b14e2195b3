import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { codeExists } from "../../src/parity.ts";
import { candidatesOf, codewordOf, Dice, type Forgery, forge, type Shape, search } from "./forged-set.ts";

const RUNS = Number(process.env.RUNS ?? 20);

const forgeries = fc.constantFrom<Forgery>("garbage", "one-byte", "same-byte");

/** Codes of both fields, with shards of 2 KiB. */
const shapes = fc
  .oneof(
    fc.record({ dataCount: fc.integer({ min: 1, max: 40 }), parityCount: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ dataCount: fc.integer({ min: 200, max: 260 }), parityCount: fc.integer({ min: 20, max: 40 }) }),
  )
  .filter(({ dataCount, parityCount }) => codeExists(dataCount, parityCount))
  .map((counts): Shape => ({ ...counts, shardSize: 2_048 }));

/** A set with what it has lost, of which at least `dataCount` + `spare` segments are left, and a forged first one. */
const held = (spare: number) =>
  fc
    .record({ shape: shapes, seed: fc.integer(), lossRate: fc.double({ min: 0, max: 1, noNaN: true }) })
    .filter(({ shape }) => shape.parityCount >= spare)
    .map(({ shape, seed, lossRate }) => {
      const dice = new Dice(seed);
      const truth = codewordOf(shape, dice, 1 + dice.below(shape.shardSize));
      const lost = dice.some(Math.floor(lossRate * (shape.parityCount - spare)), truth.length - 1);
      const candidates = candidatesOf(truth);
      for (const index of lost) candidates.delete(index + 1);
      const positions = [...candidates.keys()].slice(1);
      const order = [0, ...dice.some(positions.length, positions.length).map((index) => positions[index] ?? 0)];
      return { shape, dice, truth, candidates, order, checks: candidates.size - shape.dataCount };
    });

test("half as many forged alone as there are checks are found at the first attempt", () => {
  const property = fc.property(
    held(2),
    forgeries,
    fc.nat(),
    ({ shape, dice, truth, candidates, order, checks }, how, n) => {
      for (const position of order.slice(0, 1 + (n % (checks >> 1)))) {
        candidates.set(position, [forge(truth[position] ?? dice.bytes(1), how, dice)]);
      }
      expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
    },
  );
  fc.assert(property, { numRuns: RUNS });
});

test("garbage alone is found up to one less than there are checks", () => {
  const property = fc.property(held(2), fc.nat(), ({ shape, dice, truth, candidates, order, checks }, n) => {
    for (const position of order.slice(0, 1 + (n % (checks - 1)))) {
      candidates.set(position, [forge(truth[position] ?? dice.bytes(1), "garbage", dice)]);
    }
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });
  fc.assert(property, { numRuns: RUNS });
});

test("with a true candidate at every position, one check is enough for any number of forged ones", () => {
  const property = fc.property(held(1), fc.nat(), ({ shape, dice, truth, candidates, order }, n) => {
    for (const position of order.slice(0, 1 + (n % order.length))) {
      const shard = truth[position] ?? dice.bytes(1);
      const twins = [forge(shard, "garbage", dice), forge(shard, "one-byte", dice)].slice(dice.below(2));
      candidates.set(position, position === 0 || dice.below(2) === 0 ? [...twins, shard] : [shard, ...twins]);
    }
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });
  fc.assert(property, { numRuns: RUNS });
});

test("half as many forged alone as there are checks are found beside any number of twins", () => {
  const property = fc.property(held(2), fc.nat(), ({ shape, dice, truth, candidates, order, checks }, n) => {
    for (const [index, position] of order.entries()) {
      const shard = truth[position] ?? dice.bytes(1);
      const forged = forge(shard, "garbage", dice);
      candidates.set(position, index < 1 + (n % (checks >> 1)) ? [forged] : [forged, shard]);
    }
    expect(search(shape, truth, candidates)).toEqual({ found: true, attempts: 1 });
  });
  fc.assert(property, { numRuns: RUNS });
});

test("whatever is held, it ends within the budget and gives only what the hash confirms", () => {
  const property = fc.property(
    held(0),
    fc.integer({ min: 0, max: 8 }),
    ({ shape, dice, truth, candidates, order }, attempts) => {
      for (const position of order) {
        const shard = truth[position] ?? dice.bytes(1);
        const hows = ["garbage", "one-byte", "same-byte"] as const;
        const shards = Array.from({ length: 1 + dice.below(4) }, () =>
          forge(shard, hows[dice.below(3)] ?? "garbage", dice),
        );
        if (dice.below(10) > 0) shards[dice.below(shards.length)] = shard;
        candidates.set(position, shards);
      }
      const { attempts: used } = search(shape, truth, candidates, { attempts });
      expect(used).toBeLessThanOrEqual(attempts);
    },
  );
  fc.assert(property, { numRuns: RUNS });
});
