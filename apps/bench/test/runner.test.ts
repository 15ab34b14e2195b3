import { describe, expect, test } from "@jest/globals";
import { BenchError } from "../src/errors.ts";
import { runCase } from "../src/runner.ts";
import { fakeCase } from "./fake-area.ts";

describe("rounds", () => {
  test("alternate between the sides, and so does who begins; the warm-up comes first, disposing last", async () => {
    const fake = fakeCase("order", { ours: [1], theirs: [1] });
    await runCase(fake, { rounds: 3 });
    const warmUp = ["ours", "theirs"];
    const rounds = ["ours", "theirs", "theirs", "ours", "ours", "theirs"];
    expect(fake.calls).toEqual(["prepare", ...warmUp, ...rounds, "dispose"]);
  });

  test("are as many as the case says, unless told otherwise", async () => {
    expect(await runCase(fakeCase("default", { ours: [1], theirs: [1] }))).toMatchObject({ rounds: 3 });
    expect(await runCase(fakeCase("told", { ours: [1], theirs: [1] }), { rounds: 5 })).toMatchObject({ rounds: 5 });
  });

  test("give medians, without the warm-up", async () => {
    const fake = fakeCase("medians", { ours: [1000, 5, 4, 90], theirs: [0, 10, 30, 20] });
    expect(await runCase(fake)).toMatchObject({
      ours: { lower: 4.5, median: 5, upper: 47.5 },
      theirs: { lower: 15, median: 20, upper: 25 },
      ratio: 4,
    });
  });

  test("are reported one by one", async () => {
    const seen: unknown[] = [];
    await runCase(fakeCase("progress", { ours: [0, 1, 2], theirs: [0, 3, 4] }), {
      rounds: 2,
      onRound: (round) => seen.push(round),
    });
    expect(seen).toEqual([
      { round: 1, rounds: 2, ours: 1, theirs: 3 },
      { round: 2, rounds: 2, ours: 2, theirs: 4 },
    ]);
  });
});

describe("a case that fails", () => {
  test("is named, with the reason, and what was prepared is released", async () => {
    const fake = fakeCase("broken", { ours: [1], theirs: [] });
    const failure = runCase(fake);
    await expect(failure).rejects.toThrow(BenchError);
    await expect(failure).rejects.toMatchObject({
      code: "CASE_FAILED",
      message: "case broken: figures: want at least one",
      cause: expect.any(RangeError),
    });
    expect(fake.calls.at(-1)).toBe("dispose");
  });

  test("by never ending is ended by its deadline", async () => {
    const fake = fakeCase("hanging", { ours: [1], theirs: [1] }, { limitMs: 1 });
    const prepare = async () => ({ ...(await fake.prepare()), theirs: () => new Promise<number>(() => {}) });
    await expect(runCase({ ...fake, prepare })).rejects.toMatchObject({
      code: "CASE_FAILED",
      message: "case hanging: hanging, theirs: not within 1 ms",
      cause: { code: "DEADLINE" },
    });
    expect(fake.calls.at(-1)).toBe("dispose");
  });

  test("while preparing too slowly is released when it comes after all", async () => {
    const fake = fakeCase("late", { ours: [1], theirs: [1] }, { limitMs: 1 });
    const gate = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const prepare = async () => {
      await gate.promise;
      return { ...(await fake.prepare()), [Symbol.asyncDispose]: async () => released.resolve() };
    };
    await expect(runCase({ ...fake, prepare })).rejects.toMatchObject({ cause: { code: "DEADLINE" } });
    gate.resolve();
    await released.promise;
    expect(fake.calls).toEqual(["prepare"]);
  });

  test("by an interruption rejects with the reason of that, and is released", async () => {
    const fake = fakeCase("interrupted", { ours: [1], theirs: [1] });
    const interruption = new AbortController();
    const reason = new BenchError("INTERRUPTED", "interrupted by a test");
    const onRound = () => interruption.abort(reason);
    await expect(runCase(fake, { signal: interruption.signal, onRound })).rejects.toBe(reason);
    expect(fake.calls).toEqual(["prepare", "ours", "theirs", "ours", "theirs", "dispose"]);
  });
});
