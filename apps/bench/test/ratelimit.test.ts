import { expect, test } from "@jest/globals";
import { ratelimit } from "../src/areas/ratelimit.ts";
import { ours, PEERS } from "../src/ratelimit/gates.ts";
import { runCase } from "../src/runner.ts";

test.each(Object.entries({ ours: ours(), ...PEERS }))("%s lets pass what the limit says", async (_, open) => {
  const passed: number[] = [];
  const all = Promise.withResolvers<void>();
  await using gate = await open(3, (bytes) => {
    passed.push(...bytes);
    if (passed.length === 3) all.resolve();
  });
  await Promise.all([1, 2, 3, 4, 5].map((byte) => gate.submit(Uint8Array.of(byte))));
  await all.promise;
  expect(passed).toEqual([1, 2, 3]);
});

test("a rate on SQLite is measured", async () => {
  const found = ratelimit.cases.find(({ name }) => name === "pass-sqlite");
  if (found === undefined) throw new RangeError("case: want pass-sqlite");
  const { ours: our, theirs: their } = await runCase(found, { rounds: 1 });
  expect(our.median).toBeGreaterThan(0);
  expect(their.median).toBeGreaterThan(0);
});
