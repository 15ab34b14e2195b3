import { SeededRandom } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";
import { attack } from "../src/privacy/attack.ts";
import { curveOf, rocOf } from "../src/privacy/roc.ts";
import { SampleList, type Samples } from "../src/privacy/samples.ts";

test("the area under the curve counts pairs in the right order, and ties half", () => {
  expect(rocOf([1, 2, 3, 4], [0, 0, 1, 1]).auc).toBe(1);
  expect(rocOf([4, 3, 2, 1], [0, 0, 1, 1]).auc).toBe(0);
  expect(rocOf([1, 1, 1, 1], [0, 1, 0, 1]).auc).toBe(0.5);
  expect(rocOf([1, 3, 2, 4], [0, 0, 1, 1]).auc).toBe(0.75);
  expect(rocOf([1, 2], [1, 1]).auc).toBeNaN();
});

test("the standard error is that of Hanley and McNeil", () => {
  const labels = Array.from({ length: 200 }, (_, row) => Number(row < 100));
  const scores = labels.map((label, row) => ((row * 37) % 100) + 30 * label);
  const { auc, error } = rocOf(scores, labels);
  const [q1, q2] = [auc / (2 - auc), (2 * auc ** 2) / (1 + auc)];
  const variance = auc * (1 - auc) + 99 * (q1 - auc ** 2) + 99 * (q2 - auc ** 2);
  expect(error).toBeCloseTo(Math.sqrt(variance) / 100, 12);
  expect(auc).toBeGreaterThan(0.7);
});

test("a curve goes from nothing to everything, by way of what is found", () => {
  expect(curveOf([4, 3, 2, 1], [1, 1, 0, 0])).toEqual([
    [0, 0],
    [0, 0.5],
    [0, 1],
    [0.5, 1],
    [1, 1],
  ]);
});

test("a number that tells is found alone", () => {
  const found = attack(samplesOf((random, label) => [random.fraction(), label + random.fraction() / 2]));
  expect(found.auc).toBe(1);
  expect(found.best).toBe("high second");
});

test("two numbers that tell only together are found by the perceptron alone", () => {
  const found = attack(
    samplesOf((random, label) => {
      const [one, sign] = [random.fraction() - 0.5, label === 1 ? 1 : -1];
      return [one, Math.sign(one) * sign * (0.2 + random.fraction())];
    }),
  );
  expect(found.best).toBe("perceptron");
  expect(found.auc).toBeGreaterThan(0.95);
  expect(found.all.find(({ name }) => name === "logistic regression")?.auc).toBeLessThan(0.6);
});

test("a range that tells is found by the likelihood", () => {
  const found = attack(
    samplesOf((random, label) => [random.fraction(), label === 1 ? 0.4 + random.fraction() / 5 : random.fraction()]),
  );
  expect(found.all.find(({ name }) => name === "likelihood")?.auc).toBeGreaterThan(0.85);
  expect(found.all.find(({ name }) => name === "high second")?.auc).toBeLessThan(0.6);
});

test("nothing is learned where there is nothing, although the best of many is taken", () => {
  const found = attack(samplesOf((random) => [random.fraction(), random.fraction()]));
  expect(found.auc).toBeLessThan(0.5 + 4 * found.error);
  for (const { auc, error } of found.all) expect(Math.abs(auc - 0.5)).toBeLessThan(4 * error);
});

function samplesOf(row: (random: SeededRandom, label: number) => [number, number]): Samples {
  const random = new SeededRandom(5);
  const list = new SampleList(["first", "second"]);
  for (let count = 0; count < 2_000; count += 1) {
    const label = Number(random.chance(0.5));
    list.add(Float64Array.from(row(random, label)), label === 1, count % 2);
  }
  return list.samples;
}
