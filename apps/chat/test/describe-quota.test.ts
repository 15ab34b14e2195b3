import type { Quota, Waiting } from "@chat/sdk";
import { expect, test } from "@jest/globals";
import { describeQuota, describeWaiting } from "../src/describe-quota.ts";

const AT_TEN = new Date(2026, 0, 1, 10, 0);

function quota(level: Quota["level"], remaining: number): Quota {
  const usedBy = { critical: 0, normal: 0, optional: 0 };
  const used = 100 - remaining;
  return {
    epoch: 1,
    total: 100,
    used,
    remaining,
    lowMark: 30,
    level,
    resetsAtMs: AT_TEN.getTime(),
    usedBy,
    expectedCritical: 0,
  };
}

test.each([
  [quota("unknown", 0), "not known yet; what you write waits"],
  [quota("high", 80), "80 of 100 messages left until 10:00, 30 of them kept for texts"],
  [quota("low", 30), "low: 30 of 100 messages left until 10:00, kept for texts"],
  [quota("exhausted", 0), "used up until 10:00; what you write waits"],
])("a quota that is $level is told in words", (given, words) => {
  expect(describeQuota(given)).toBe(words);
});

test.each<[Waiting | undefined, string]>([
  [undefined, ""],
  [{ envelopes: 1, reason: "turn" }, ""],
  [{ envelopes: 1, reason: "connection" }, ", waits for a connection"],
  [{ envelopes: 1, reason: "quota", until: AT_TEN }, ", waits for quota until about 10:00"],
  [{ envelopes: 1, reason: "quota" }, ", waits for quota"],
  [{ envelopes: 1, reason: "retry", until: AT_TEN, problem: "busy" }, ", tried again at about 10:00: busy"],
])("what a message waits for is told in words (%j)", (waiting, words) => {
  expect(describeWaiting(waiting)).toBe(words);
});
