import { describe, expect, test } from "@jest/globals";
import { AREAS } from "../src/areas.ts";
import { bench } from "../src/command.ts";
import { fakeArea, fakeCase } from "./fake-area.ts";

/** Runs the command on a fake area of two cases. */
async function run(...args: string[]) {
  const fast = fakeCase("fast", { ours: [2], theirs: [5] }, { note: "a note" });
  const wide = fakeCase("wide", { ours: [300], theirs: [400] }, { unit: "messages/s", better: "higher", peer: "else" });
  const out: string[] = [];
  const log: string[] = [];
  const code = await bench(args, {
    areas: { fake: async () => fakeArea(fast, wide), other: async () => fakeArea() },
    out: (text) => out.push(text),
    log: (text) => log.push(text),
  });
  return { code, out: out.join("\n"), log: log.join("\n"), fast, wide };
}

describe("--json", () => {
  test("prints one object of the documented shape, and nothing else", async () => {
    const { code, out } = await run("fake", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      area: "fake",
      machine: {
        cpu: expect.any(String),
        cores: expect.any(Number),
        node: process.versions.node,
        platform: `${process.platform} ${process.arch}`,
      },
      results: [
        { case: "fast", unit: "ms", ours: 2, peer: "somebody", theirs: 5, ratio: 2.5 },
        { case: "wide", unit: "messages/s", ours: 300, peer: "else", theirs: 400, ratio: 0.75 },
      ],
    });
  });

  test("prints nothing to standard output when it fails", async () => {
    expect(await run("fake", "--json", "--case", "none")).toMatchObject({ code: 1, out: "" });
  });
});

describe("the table", () => {
  test("has a line for each case, with figures, ratio, peer and notes", async () => {
    const { out } = await run("fake");
    const lines = out.split("\n");
    expect(lines.find((line) => line.startsWith("fast "))).toMatch(
      /ms +lower +2\.00 .* 5\.00 .* 2\.50 × +3 +somebody$/,
    );
    expect(lines.find((line) => line.startsWith("wide "))).toMatch(
      /messages\/s +higher +300 .* 400 .* 0\.75 × +3 +else$/,
    );
    expect(lines).toContain("fast: a note");
  });
});

test("a case that fails is explained and does not take the others with it; the exit code is 1", async () => {
  const broken = fakeCase("broken", { ours: [], theirs: [] });
  const whole = fakeCase("whole", { ours: [2], theirs: [4] });
  const out: string[] = [];
  const log: string[] = [];
  const code = await bench(["fake", "--json"], {
    areas: { fake: async () => fakeArea(broken, whole) },
    out: (text) => out.push(text),
    log: (text) => log.push(text),
  });
  expect(code).toBe(1);
  expect(out.map((text) => JSON.parse(text).results)).toMatchObject([[{ case: "whole", ratio: 2 }]]);
  expect(log.join("\n")).toContain("✗ case broken: figures: want at least one");
});

test("where nothing could be measured, there is no result", async () => {
  const out: string[] = [];
  const areas = { fake: async () => fakeArea(fakeCase("broken", { ours: [], theirs: [] })) };
  const code = await bench(["fake"], { areas, out: (text) => out.push(text), log: () => {} });
  expect({ code, out }).toEqual({ code: 1, out: [] });
});

describe("choosing", () => {
  test("--case measures only that case, and may be repeated", async () => {
    const one = await run("fake", "--json", "--case", "wide");
    expect(JSON.parse(one.out).results).toMatchObject([{ case: "wide" }]);
    expect(one.fast.calls).toEqual([]);
    const both = await run("fake", "--json", "--case", "wide", "--case", "fast");
    expect(JSON.parse(both.out).results).toMatchObject([{ case: "fast" }, { case: "wide" }]);
  });

  test("--rounds sets how many rounds are measured", async () => {
    const { fast } = await run("fake", "--json", "--rounds", "4", "--case", "fast");
    expect(fast.calls.filter((call) => call === "theirs")).toHaveLength(5); // and one to warm up
  });

  test("--list names areas and cases and measures nothing", async () => {
    const { code, out, fast } = await run("--list");
    expect({ code, calls: fast.calls }).toEqual({ code: 0, calls: [] });
    expect(out).toMatch(/^fake: figures from a list\n {2}fast +case fast \[ms\], beside somebody\n {2}wide /);
  });

  test("--help explains", async () => {
    expect(await run("--help")).toMatchObject({ code: 0, out: expect.stringContaining("--case NAME"), log: "" });
  });
});

test.each([
  [["nowhere"], "✗ area: want one of: fake, other; got nowhere"],
  [["toString"], "✗ area: want one of: fake, other; got toString"],
  [[], "✗ area: want one of: fake, other; got none"],
  [["fake", "other"], "✗ area: want one, got fake other"],
  [["fake", "--case", "none"], "✗ case: fake has: fast, wide; got none"],
  [["fake", "--rounds", "0"], "✗ rounds: want a whole number from 1 to 10000, got 0"],
  [["fake", "--rounds", "many"], "✗ rounds: want a whole number from 1 to 10000, got many"],
  [["fake", "--colour"], "✗ Unknown option '--colour'"],
])("%j is refused with an explanation", async (args, message) => {
  const { code, out, log } = await run(...args);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(log).toContain(message);
  expect(log).toContain("bench <area> [options]");
});

test("every area is found under its own name, and its cases have different ones", async () => {
  for (const [name, load] of Object.entries(AREAS)) {
    const area = await load();
    expect(area.name).toBe(name);
    expect(new Set(area.cases.map((each) => each.name)).size).toBe(area.cases.length);
  }
});
