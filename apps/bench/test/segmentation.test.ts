import { expect, test } from "@jest/globals";
import { segmentation } from "../src/areas/segmentation.ts";
import { runCase } from "../src/runner.ts";
import { dataOf, lostOf, ours, plainCopy, SHARD_SIZE, subspace } from "../src/segmentation/coders.ts";
import { cut, payloadOf, spreadOver } from "../src/segmentation/inputs.ts";
import { throughput } from "../src/segmentation/throughput.ts";

const NOTHING = new Uint8Array(0);

function caseOf(name: string) {
  const found = segmentation.cases.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`case: want ${name}`);
  return found;
}

test("a throughput is in millions of bytes per second", async () => {
  let times = 0;
  const startedAtMs = performance.now();
  const figure = await throughput(3_000_000, () => {
    times += 1;
  });
  const mostMs = performance.now() - startedAtMs;
  expect(times).toBeGreaterThan(0);
  expect(figure).toBeGreaterThanOrEqual((3 * times * 1000) / mostMs);
  expect(figure).toBeLessThanOrEqual((3 * times * 1000) / 200);
});

test("the losses are as many as asked for, and spread", () => {
  expect([...spreadOver(24, 3)]).toEqual([0, 8, 16]);
  expect(spreadOver(1000, 142).size).toBe(142);
  expect([...spreadOver(5, 5)]).toEqual([0, 1, 2, 3, 4]);
});

test("payloads are the same at each run and do not compress", () => {
  const payload = payloadOf(100_003);
  expect(payload).toEqual(payloadOf(100_003));
  expect(payload).toHaveLength(100_003);
  const counts = new Array<number>(256).fill(0);
  for (const byte of payload) counts[byte] = (counts[byte] ?? 0) + 1;
  expect(Math.min(...counts)).toBeGreaterThan(250);
});

test.each([
  ["ours", ours()],
  ["ours in plain JavaScript", ours("js")],
  ["the WebAssembly peer", subspace],
  ["a plain copy", plainCopy],
])("%s gives back what was lost", async (_, open) => {
  const shape = { data: 8, parity: 3, lost: 3 };
  const coder = await open(shape);
  await coder.encode();
  coder.lose();
  expect(coder.recovered().map((shard) => shard.some((byte) => byte !== 0))).toEqual([false, false, false]);
  await coder.decode();
  const shards = cut(dataOf(shape), SHARD_SIZE);
  const wanted = [...lostOf(shape)].map((i) => shards[i]);
  expect(coder.recovered().map((shard, i) => Buffer.compare(shard, wanted[i] ?? NOTHING))).toEqual([0, 0, 0]);
});

test.each(["reassemble-1mb", "segment-1mb"])("%s is measured without a peer from npm", async (name) => {
  const { ours: our, theirs: their } = await runCase(caseOf(name), { rounds: 1 });
  expect(our.median).toBeGreaterThan(0);
  expect(their.median).toBeGreaterThan(0);
});
