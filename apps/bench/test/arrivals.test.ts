import { expect, test } from "@jest/globals";
import { Arrivals } from "../src/e2e/arrivals.ts";
import { bodyOf, keyOf, newKeys } from "../src/e2e/body.ts";

test("whoever asks before or after an arrival gets its time, and a copy changes nothing", async () => {
  const arrivals = new Arrivals();
  const before = arrivals.of("one");
  arrivals.add("one");
  const atMs = await before;
  arrivals.add("one");
  expect(await arrivals.of("one")).toBe(atMs);
});

test("all of them have arrived when the last one has", async () => {
  const arrivals = new Arrivals();
  const all = arrivals.all(["one", "two"]);
  arrivals.add("two");
  const twoAtMs = await arrivals.of("two");
  arrivals.add("one");
  expect(await all).toBe(await arrivals.of("one"));
  expect(await all).toBeGreaterThanOrEqual(twoAtMs);
});

test("after a failure nobody waits for what does not come", async () => {
  const arrivals = new Arrivals();
  const early = arrivals.of("one");
  arrivals.fail(new Error("the reader broke"));
  await expect(early).rejects.toThrow("the reader broke");
  await expect(arrivals.of("two")).rejects.toThrow("the reader broke");
});

test("a body has 200 bytes and carries its key, and no key comes twice", () => {
  const keys = [...newKeys(3), ...newKeys(3)];
  expect(new Set(keys).size).toBe(6);
  for (const key of keys) {
    expect(new TextEncoder().encode(bodyOf(key))).toHaveLength(200);
    expect(keyOf(bodyOf(key))).toBe(key);
  }
});
