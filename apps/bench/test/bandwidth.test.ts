import { expect, test } from "@jest/globals";
import { bandwidthArea } from "../src/areas/bandwidth.ts";
import { layersOfText } from "../src/bandwidth/layers.ts";
import { PURPOSES } from "../src/bandwidth/pair-traffic.ts";
import { channelTrafficOf } from "../src/bandwidth/traffic.ts";
import { RLN_PROOF_BYTES, wakuBytes } from "../src/bandwidth/waku-size.ts";
import { runCase } from "../src/runner.ts";

test("a few people stay within the goal, and the parts add up", async () => {
  const { cases, plots } = bandwidthArea(4, 1);
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
  expect(figures.get("per-message-reliable-channel")).toBeCloseTo(total, 6);
  const [plot] = (await plots?.()) ?? [];
  expect(plot?.lines[0]?.points.map(([loss]) => loss)).toEqual([0, 1, 5]);
  expect(plot?.lines[0]?.points[1]?.[1]).toBe(figures.get("10k-loss-1"));
}, 60_000);

test("the peer's Waku messages have the headers that ours have and five bytes, and its encryption adds to them", async () => {
  const { written, publications, payloadBytes, wakuBytes: counted, encryptedBytes } = await channelTrafficOf(1, 0.05);
  expect(written).toBe(80);
  // All are larger than 16 KiB: their lengths take three bytes. js-waku also writes version and ephemeral, in five.
  const headerBytes = wakuBytes(20_000, 9) - 20_000 + 5;
  expect(counted - payloadBytes).toBe(publications * headerBytes);
  expect(payloadBytes / publications).toBeGreaterThan(18_752);
  expect(encryptedBytes).toBeGreaterThan(counted);
}, 60_000);

test("the layers of a text are those of a whole Waku message of the smallest class", () => {
  const layers = new Map(layersOfText());
  expect([...layers.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(461);
  expect(Math.min(...layers.values())).toBeGreaterThan(0);
  expect(RLN_PROOF_BYTES).toBe(305);
});
