import { expect, test } from "@jest/globals";
import { reliabilityArea } from "../src/areas/reliability.ts";
import { measure } from "../src/reliability/memory-case.ts";
import { runCase } from "../src/runner.ts";

test("each condition has its cases, and their figures are finite", async () => {
  const { cases } = reliabilityArea(1);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const each of cases.filter(({ name }) => name.endsWith("-calm"))) {
    expect(Number.isFinite((await runCase(each)).ratio)).toBe(true);
  }
}, 60_000);

test("a peer's process grows by what its channel keeps of each message", async () => {
  // A Bloom filter of 18,752 bytes each; half of it is far above what else may change.
  expect(await measure("theirs", 200)).toBeGreaterThan((200 * 18_752) / 2 / 1e6);
}, 60_000);
