/** What a forger makes us do is in proportion to what he sends, counted in steps and not in time. */
import { expect, test } from "@jest/globals";
import { Effort } from "../../src/poisoning/effort.ts";
import { codewordOf, Dice, search } from "./forged-set.ts";

const SHAPE = { dataCount: 60, parityCount: 8, shardSize: 64 };

test("an effort is spent whole or not at all", () => {
  const effort = new Effort(10);
  expect([effort.spend(4), effort.spend(7), effort.spend(6), effort.spend(1)]).toEqual([true, false, true, false]);
  expect(effort.steps).toBe(0);
});

test("a search with little effort ends without a result, one with enough finds it", () => {
  const dice = new Dice(5);
  const truth = codewordOf(SHAPE, dice);
  const twins = new Map(truth.map((shard, position) => [position, [dice.bytes(shard.length), shard]]));
  expect(search(SHAPE, truth, twins, { steps: 0 })).toEqual({ found: false, attempts: 0 });
  expect(search(SHAPE, truth, twins, { steps: 10_000 })).toEqual({ found: false, attempts: 0 });
  expect(search(SHAPE, truth, twins, { steps: 2 ** 26 })).toEqual({ found: true, attempts: 1 });
});
