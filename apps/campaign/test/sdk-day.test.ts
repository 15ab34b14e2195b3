import { expect, test } from "@jest/globals";
import { HOURS, sdkDay } from "../src/campaigns/sdk-day.ts";
import { freshSeed, runCutDown } from "../src/cut-down.ts";
import { growthOf, HEAP_SLACK_BYTES } from "../src/day/flat.ts";
import type { Sample } from "../src/day/orders.ts";

test.each([1, freshSeed()])(
  "after a day of texts, files, loss and absences, the clients hold what they held in its first hours (seed %i)",
  async (seed) => {
    const { counts, series } = await runCutDown(sdkDay, seed, 1);
    expect(counts.messages).toBeGreaterThan(500);
    expect(counts.absences).toBe(HOURS);
    // What is counted is there: private fields of the clients, and their tables.
    expect(Math.min(...(series["quiet.entries.SeenHashes.#seenAtMs"] ?? [0]))).toBeGreaterThan(0);
    expect(Math.max(...(series["quiet.rows.outgoing"] ?? [0]))).toBeGreaterThan(0);
  },
  120_000,
);

const FLAT: Sample[] = Array.from({ length: HOURS }, (_, hour) => ({
  heapBytes: 20_000_000 + (hour % 2) * 100_000,
  residentBytes: 100_000_000,
  entries: { "Outbox.#rows": hour % 3 },
  rows: { outbox: hour % 3, messages: 1000 * hour },
}));

test("what stays as it is, and a history that grows, is flat", () => {
  expect(growthOf(FLAT, 4)).toEqual([]);
});

test.each<[string, (sample: Sample, hour: number) => Partial<Sample>]>([
  ["Outbox.#rows: 40 entries", (_, hour) => ({ entries: { "Outbox.#rows": 8 * hour } })],
  ["outbox: 40 entries", (_, hour) => ({ rows: { outbox: 8 * hour } })],
  ["SeenHashes.#seenAtMs: 0 entries", (_, hour) => ({ entries: { "SeenHashes.#seenAtMs": hour < 23 ? 0 : 200_001 } })],
  ["heap: 2.6 MiB", ({ heapBytes }, hour) => ({ heapBytes: heapBytes + (hour < 6 ? 0 : 1.3 * HEAP_SLACK_BYTES) })],
])("what grows is found: %s", (finding, change) => {
  const samples = FLAT.map((sample, hour) => ({ ...sample, ...change(sample, hour) }));
  expect(growthOf(samples, 4)).toEqual([expect.stringContaining(finding)]);
});
