import { expect, test } from "@jest/globals";
import { progressLine } from "../src/progress-line.ts";

const campaign = { name: "hunt", unit: "things", batchSize: 10 };
const SECOND_MS = 1000;

test("says how much is done, and how long the rest takes at the pace of this run", () => {
  const line = progressLine({ campaign, batches: 40, ofBatches: 100, fromBatches: 20, elapsedMs: 200 * SECOND_MS });
  // 20 in 200 s: the 60 that are left take 600 s.
  expect(line).toBe("hunt █████████░░░░░░░░░░░░░░░ 40 %: 400 of 1,000 things, 3 min, 10 min left");
});

test("makes no guess before anything is done, and is full at the end", () => {
  const start = progressLine({ campaign, batches: 7, ofBatches: 100, fromBatches: 7, elapsedMs: 0 });
  expect(start).toBe("hunt █░░░░░░░░░░░░░░░░░░░░░░░ 7 %: 70 of 1,000 things, 0 s");
  const end = progressLine({ campaign, batches: 100, ofBatches: 100, fromBatches: 0, elapsedMs: 3 * 3600 * SECOND_MS });
  expect(end).toBe("hunt ████████████████████████ 100 %: 1,000 of 1,000 things, 3 h 0 min, 0 s left");
});
