import { randomInt } from "node:crypto";
import { expect, test } from "@jest/globals";
import { runModel, STEPS } from "./run-model.ts";

const RUNS = 150;

test.each([1, randomInt(2 ** 31)])("whatever happens, a manager keeps what it promises (seed %i)", async (seed) => {
  const counts = await runModel(seed, RUNS);
  expect(counts.steps).toBe(RUNS * STEPS);
});
