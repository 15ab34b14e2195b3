import { expect, test } from "@jest/globals";
import { bandwidthArea } from "../src/areas/bandwidth.ts";
import { layersOfText } from "../src/bandwidth/layers.ts";
import { PURPOSES } from "../src/bandwidth/pair-traffic.ts";
import { RLN_PROOF_BYTES } from "../src/bandwidth/waku-size.ts";
import { runCase } from "../src/runner.ts";

test("a few people stay within the goal, and the parts add up", async () => {
  const { cases } = bandwidthArea(4);
  const figures = new Map<string, number>();
  for (const each of cases) figures.set(each.name, (await runCase(each)).ours.median);
  const total = PURPOSES.map((purpose): number => figures.get(`per-message-${purpose}`) ?? Number.NaN).reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
  // 10,000 people, 4 a minute, 8 bits a byte.
  expect(figures.get("10k-loss-1")).toBeCloseTo((total * 10_000 * 4 * 8) / 60 / 1e6, 6);
  expect(figures.get("10k-loss-1")).toBeGreaterThan(2.4);
  expect(figures.get("10k-loss-1")).toBeLessThan(5);
  expect(figures.get("10k-loss-1-rln")).toBeLessThan(8);
}, 60_000);

test("the layers of a text are those of a whole Waku message of the smallest class", () => {
  const layers = new Map(layersOfText());
  expect([...layers.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(461);
  expect(Math.min(...layers.values())).toBeGreaterThan(0);
  expect(RLN_PROOF_BYTES).toBe(305);
});
