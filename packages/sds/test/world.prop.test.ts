/**
 * Two in the compact form, two to five in the full form, in all weathers and with clocks that are wrong by hours:
 * everything is handed out exactly once and in causal order, or reported as lost.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Rules } from "./participant.ts";
import { MINUTE_MS, START_MS, type Weather, World } from "./world.ts";

const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const PATIENT: Rules = { deadlineMs: YEAR_MS, causal: { holdMs: YEAR_MS }, repair: {} };
const IMPATIENT: Rules = { deadlineMs: 3 * MINUTE_MS, causal: { holdMs: 4_000 }, repair: {} };

const HOUR_MS = 60 * MINUTE_MS;
const sizes = fc.constantFrom(0, 2, 3, 4, 5);
const who = fc.nat(4);
const weathers: fc.Arbitrary<Weather> = fc.record({
  loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
  duplication: fc.double({ min: 0, max: 0.5, noNaN: true }),
  replays: fc.double({ min: 0, max: 0.3, noNaN: true }),
  maxDelayMs: fc.integer({ min: 1, max: 2 * MINUTE_MS }),
  promptness: fc.double({ min: 0, max: 1, noNaN: true }),
  skewsMs: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS })), { maxLength: 5 }),
  crashes: fc.array(fc.record({ who, afterMs: fc.nat(HOUR_MS) }), { maxLength: 8 }),
  partitions: fc.array(fc.record({ who, afterMs: fc.nat(10 * MINUTE_MS), forMs: fc.nat(HOUR_MS) }), { maxLength: 2 }),
});
const plans = fc.array(fc.record({ who, afterMs: fc.nat(10 * MINUTE_MS) }), { minLength: 1, maxLength: 30 });

function worldOf(
  seed: number,
  size: number,
  rules: Rules,
  weather: Weather,
  plan: readonly { who: number; afterMs: number }[],
) {
  const world = new World(seed, size, rules, weather);
  plan.forEach(({ who: sender, afterMs }, index) => {
    world.at(START_MS + afterMs, (nowMs) => world.send(sender % world.people.length, `message ${index}`, nowMs));
  });
  return world;
}

test("with patience everything is seen by everybody, once, in causal order, and acknowledged once", () => {
  const complete = fc.property(fc.integer(), sizes, weathers, plans, (seed, size, weather, plan) => {
    const world = worldOf(seed, size, PATIENT, weather, plan);
    const isDone = () =>
      world.truth.size === plan.length &&
      world.people.every(
        ({ state, seen, name }) =>
          seen.length === [...world.truth.values()].filter(({ sender }) => sender !== name).length &&
          state.outstanding.length === 0,
      );
    world.run(START_MS + 7 * 24 * HOUR_MS, isDone);
    for (const { name, seen, acknowledged, lost, state } of world.people) {
      const ids = seen.map(({ messageId }) => messageId);
      const others = [...world.truth].filter(([, { sender }]) => sender !== name).map(([id]) => id);
      const own = [...world.truth].filter(([, { sender }]) => sender === name).map(([id]) => id);
      expect([...ids].sort()).toEqual(others.sort());
      expect([...acknowledged].sort()).toEqual(own.sort());
      expect({ lost, late: seen.filter(({ isLate }) => isLate) }).toEqual({ lost: [], late: [] });
      expect(state).toMatchObject({ outstanding: [], missing: [], held: [] });
      const isOwn = new Set(own);
      const done = new Set<string>();
      for (const id of ids) {
        for (const before of world.truth.get(id)?.past ?? []) if (!isOwn.has(before)) expect(done).toContain(before);
        done.add(id);
      }
    }
  });
  fc.assert(complete, { numRuns: 40 });
}, 60_000);

test("without patience what is seen is seen once, after what it names, or that is late or lost", () => {
  const honest = fc.property(fc.integer(), sizes, weathers, plans, (seed, size, weather, plan) => {
    const world = worldOf(seed, size, IMPATIENT, weather, plan);
    world.run(START_MS + 6 * HOUR_MS, () => false);
    for (const { name, seen, lost, state, log } of world.people) {
      const ids = seen.map(({ messageId }) => messageId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every((id) => world.truth.get(id)?.sender !== name)).toBe(true);
      expect(state.held).toEqual([]);
      const named = new Set<string>();
      for (const { messageId, isLate } of seen) {
        if (named.has(messageId)) expect({ messageId, isLate }).toEqual({ messageId, isLate: true });
        for (const id of world.truth.get(messageId)?.names ?? []) named.add(id);
      }
      const missing = new Set(state.missing.map(({ messageId }) => messageId));
      for (const id of named) expect(log.has(id) || lost.includes(id) || missing.has(id)).toBe(true);
    }
  });
  fc.assert(honest, { numRuns: 40 });
}, 60_000);
