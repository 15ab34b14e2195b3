/** What makes a figure of the area `devnet` out of what its processes tell. */
import { expect, test } from "@jest/globals";
import { flatMinutes } from "../src/areas/devnet.ts";
import { checked } from "../src/devnet/load.ts";
import { Program } from "../src/devnet/program.ts";
import { growth, residentMb, type Sample } from "../src/devnet/resident-memory.ts";

test("half an hour is measured unless the environment says otherwise", () => {
  expect([flatMinutes(undefined), flatMinutes("0.5")]).toEqual([30, 0.5]);
  for (const wrong of ["0", "-1", "soon", "1e9"]) expect(() => flatMinutes(wrong)).toThrow("BENCH_FLAT_MINUTES");
});

const result = { sent: 1_000, refused: 0, lost: 0, delivered: 1_000, arrivals: 1_000, seconds: 1, p50Ms: 1, p99Ms: 2 };

test("a load that lost one message in a hundred is a figure, with one more it is none", () => {
  expect(checked("ours", { ...result, lost: 4, refused: 6 })).toMatchObject({ lost: 4 });
  expect(() => checked("ours", { ...result, lost: 5, refused: 6 })).toThrow(
    "ours: of 1000 messages, 5 were lost and 6 refused",
  );
  expect(() => checked("ours", { ...result, sent: 0 })).toThrow("of 0 messages");
});

/** Half an hour, a look every five seconds. */
function memory(mbAt: (minute: number) => number): Sample[] {
  return Array.from({ length: 360 }, (_, index) => ({ atMs: index * 5_000, mb: mbAt(index / 12) }));
}

test("growth compares the last five minutes of thirty with the first, and finds a leak of 1 MB a minute", () => {
  expect(growth(memory(() => 100))).toBe(1);
  expect(growth(memory((minute) => 100 + minute))).toBeCloseTo((100 + 27.5) / (100 + 2.5), 2);
  expect(growth(memory((minute) => (minute > 10 && minute < 20 ? 500 : 100)))).toBe(1);
});

test("the memory of a process is about what the process itself says", () => {
  expect(residentMb(process.pid) / (process.memoryUsage.rss() / 1e6)).toBeCloseTo(1, 0);
});

const node = (script: string) => new Program("the program", process.execPath, ["--eval", script]);

test("a program tells one thing, is ended while it still runs, and may be ended twice", async () => {
  await using program = node("console.log(JSON.stringify({ figure: 7 })); setInterval(() => {}, 1_000)");
  expect(await program.answer()).toEqual({ figure: 7 });
  await program[Symbol.asyncDispose]();
  expect(() => process.kill(program.pid, 0)).toThrow("ESRCH");
});

test("a program that ends without a word is reported with its last lines", async () => {
  await using program = node("console.error('no disk'); process.exitCode = 3");
  await expect(program.answer()).rejects.toThrow("the program ended with 3 before it told anything\nno disk");
});

test("a program that is not there is reported", async () => {
  await using program = new Program("the program", "/nowhere/to/be/found", []);
  await expect(program.answer()).rejects.toThrow("ENOENT");
});
