import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { PeerLimiter } from "../src/peer-limits.ts";

test("a peer gets its burst, then what refills; another peer is not concerned", () => {
  let nowMs = 0;
  const limiter = new PeerLimiter({ requestsPerSecond: 2, burst: 3 }, { nowMs: () => nowMs });
  expect([1, 2, 3, 4].map(() => limiter.allows("a"))).toEqual([true, true, true, false]);
  expect(limiter.allows("b")).toBe(true);
  nowMs = 499;
  expect(limiter.allows("a")).toBe(false);
  nowMs = 500;
  expect([1, 2].map(() => limiter.allows("a"))).toEqual([true, false]);
});

test("in no span of time does a peer get more than its burst and what refills", () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
  const bounded = fc.property(pauses, fc.integer({ min: 1, max: 5 }), (pausesMs, burst) => {
    let nowMs = 0;
    let allowed = 0;
    const limiter = new PeerLimiter({ requestsPerSecond: 10, burst }, { nowMs: () => nowMs });
    for (const pauseMs of pausesMs) {
      nowMs += pauseMs;
      if (limiter.allows("a")) allowed += 1;
      expect(allowed).toBeLessThanOrEqual(burst + (nowMs / 1_000) * 10);
    }
  });
  fc.assert(bounded);
});

test("a bucket that is full again is forgotten, one that is not stays", () => {
  let nowMs = 0;
  const limiter = new PeerLimiter({ requestsPerSecond: 1, burst: 2 }, { nowMs: () => nowMs });
  limiter.allows("a");
  nowMs = 500;
  limiter.allows("b");
  nowMs = 1_000;
  limiter.sweep();
  expect(limiter.size).toBe(1);
  nowMs = 1_500;
  limiter.sweep();
  expect(limiter.size).toBe(0);
});

test("who is exempt asks as much as they like", () => {
  const limiter = new PeerLimiter({ requestsPerSecond: 1, burst: 1 }, { isExempt: (peer) => peer === "a" });
  expect([1, 2, 3].map(() => limiter.allows("a"))).toEqual([true, true, true]);
  expect([1, 2].map(() => limiter.allows("b"))).toEqual([true, false]);
});
