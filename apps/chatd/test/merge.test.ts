/** Streams are merged without running ahead of who reads. */
import { expect, test } from "@jest/globals";
import { merge } from "../src/merge.ts";

/** Counts 0, 1, … and says how many were asked for. */
function counting(name: string, end: number) {
  const state = { asked: 0, isReturned: false };
  const values = (async function* () {
    try {
      for (let number = 0; number < end; number += 1) {
        state.asked += 1;
        yield `${name}${number}`;
      }
    } finally {
      state.isReturned = true;
    }
  })();
  return { state, values };
}

test("of each stream, at most one value waits", async () => {
  const [a, b] = [counting("a", 1_000), counting("b", 1_000)];
  const merged = merge([a.values, b.values]);
  const seen = [(await merged.next()).value, (await merged.next()).value, (await merged.next()).value];
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(["a0", "b0", "a1"]);
  expect([a.state.asked, b.state.asked]).toEqual([2, 2]);
  await merged.return();
  await new Promise((resolve) => setImmediate(resolve));
  expect([a.state.isReturned, b.state.isReturned]).toEqual([true, true]);
});

test("all values come, each stream in its order, and then the end", async () => {
  const seen = await Array.fromAsync(
    merge([counting("a", 5).values, counting("b", 2).values, counting("c", 0).values]),
  );
  expect(seen.filter((value) => value.startsWith("a"))).toEqual(["a0", "a1", "a2", "a3", "a4"]);
  expect(seen).toHaveLength(7);
});

test("the failure of one ends all", async () => {
  const failing = (async function* (): AsyncGenerator<string> {
    yield "x";
    throw new Error("no");
  })();
  const other = counting("a", 100);
  await expect(Array.fromAsync(merge([failing, other.values]))).rejects.toThrow("no");
});
