import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CAMPAIGNS as REAL } from "../src/campaigns.ts";
import { campaign } from "../src/command.ts";
import { CampaignError } from "../src/errors.ts";
import { CAMPAIGNS, FAKE_MODULE } from "./fake-campaigns.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "chat-campaign-test-"));
  mkdirSync(join(root, "sources"));
  writeFileSync(join(root, "sources", "code.ts"), "first version");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs the command in the empty repository `root`. */
async function run(args: readonly string[], signal?: AbortSignal) {
  const out: string[] = [];
  const log: string[] = [];
  const options = { campaigns: CAMPAIGNS, root, registry: FAKE_MODULE, ...(signal !== undefined && { signal }) };
  const code = await campaign(args, { ...options, out: (text) => out.push(text), log: (text) => log.push(text) });
  return { code, out: out.join("\n"), log: log.join("\n") };
}

function progressOf(name: string) {
  return JSON.parse(readFileSync(join(root, ".campaigns", `${name}.json`), "utf8"));
}

describe("a full run", () => {
  test("adds up the counts of all batches, keeps the highest peak with its batch and the series, and writes the result", async () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
    git("init", "-q");
    git("add", "sources");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first");
    const { code, out } = await run(["counting", "--seed", "5", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report).toEqual({
      campaign: "counting",
      commit: git("rev-parse", "HEAD"),
      dirty: false,
      machine: expect.objectContaining({ node: process.versions.node }),
      threads: 2,
      seed: 5,
      unit: "things",
      count: 60,
      batches: 6,
      durationSeconds: expect.any(Number),
      peakResidentBytes: expect.any(Number),
      counts: { batches: 6, sum: 15, seeds: 30 },
      peaks: { height: { value: 100, batch: 3 } },
      series: { steps: { median: 1.333, max: 5, values: [0, 0, 1, 0.333, 2, 0.667, 3, 1, 4, 1.333, 5, 1.667] } },
    });
    expect(JSON.parse(readFileSync(join(root, "docs", "benchmarks", "campaign-counting.json"), "utf8"))).toEqual(
      report,
    );
    expect(existsSync(join(root, ".campaigns", "counting.json"))).toBe(false);
  });

  test("says so when the code differs from the commit", async () => {
    const { out, log } = await run(["counting", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ commit: null, dirty: true });
    expect(log).toContain("its sources differ from the commit");
  });

  test("with a smaller count writes no result", async () => {
    const { code, out, log } = await run(["counting", "--count", "11"]);
    expect({ code, log }).toEqual({ code: 0, log: expect.stringContaining("no result is written") });
    expect(out).toContain("20 things in 2 batches");
    expect(existsSync(join(root, "docs"))).toBe(false);
  });
});

describe("going on", () => {
  test("a run goes on where the last one ended, and comes to the same result as one without a break", async () => {
    await run(["counting", "--count", "20", "--seed", "9"]);
    expect(progressOf("counting").totals.batches).toBe(2);
    const { out, log } = await run(["counting", "--json"]);
    expect(log).toContain("going on after batch 1");
    const { seed, batches, counts, peaks, series } = JSON.parse(out);
    const whole = JSON.parse((await run(["counting", "--restart", "--seed", "9", "--json"])).out);
    expect({ seed, batches, counts, peaks, series }).toEqual({
      seed: 9,
      batches: 6,
      counts: whole.counts,
      peaks: whole.peaks,
      series: whole.series,
    });
  });

  test("what was interrupted has kept its progress", async () => {
    const interrupted = new AbortController();
    interrupted.abort(new CampaignError("INTERRUPTED", "interrupted by a test"));
    await run(["counting", "--count", "30"]);
    const { code, log } = await run(["counting"], interrupted.signal);
    expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining("✗ interrupted by a test") });
    expect(progressOf("counting").totals.batches).toBe(3);
  });

  test.each([
    ["another seed", ["--seed", "2"], () => {}],
    ["--restart", ["--restart"], () => {}],
    ["changed code", [], () => writeFileSync(join(root, "sources", "code.ts"), "second version")],
    ["a damaged file", [], () => writeFileSync(join(root, ".campaigns", "counting.json"), `{"seed":1}`)],
  ])("%s begins again", async (_, args, change) => {
    await run(["counting", "--count", "20", "--seed", "1"]);
    change();
    const { log } = await run(["counting", "--count", "10", ...args]);
    expect(log).not.toContain("going on");
    expect(progressOf("counting").totals.batches).toBe(1);
  });
});

describe("what a batch finds", () => {
  test("is told with the command that repeats it, which fails alike", async () => {
    const { code, log } = await run(["failing", "--seed", "4"]);
    expect(code).toBe(1);
    expect(log).toContain("batch 2 found something");
    expect(log).toContain("repeat it with: pnpm campaign failing --seed 4 --batch 2");
    expect(progressOf("failing").totals.batches).toBe(2);
    const again = await run(["failing", "--seed", "4", "--batch", "2"]);
    expect(again).toMatchObject({ code: 1, log: expect.stringContaining("batch 2 found something") });
    const other = await run(["failing", "--seed", "4", "--batch", "3", "--json"]);
    expect(JSON.parse(other.out)).toMatchObject({ counts: { sum: 3 }, peaks: { height: { value: 100, batch: 3 } } });
  });

  test("only the events that are enough for it are repeated", async () => {
    const { out } = await run(["eventful", "--seed", "4", "--batch", "0", "--only", "3,1", "--json"]);
    expect(JSON.parse(out).counts).toEqual({ events: 2 });
  });

  test.each([
    ["hanging", "not done after 0.2 s"],
    ["growing", "the process has"],
    ["crashing", "the worker thread ended"],
  ])("%s is found as well", async (name, what) => {
    const { code, log } = await run([name]);
    expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining(what) });
  });
});

test("--list and --help explain", async () => {
  expect((await run(["--list"])).out).toContain("counting: counts its batches [60 things]");
  expect((await run(["--help"])).out).toContain("--batch N");
});

test.each([
  [["nothing"], "campaign: want one of: counting, failing, eventful, hanging, growing, crashing; got nothing"],
  [["toString"], "got toString"],
  [[], "got none"],
  [["counting", "--count", "0"], "count: want a whole number from 1 to 9007199254740991, got 0"],
  [["counting", "--seed", "4294967296"], "seed: want a whole number from 0 to 4294967295, got 4294967296"],
  [["counting", "--batch", "1"], "batch: want --seed with it, got none"],
  [["eventful", "--seed", "1", "--only", "1"], "only: want --batch with it, got none"],
  [
    ["eventful", "--seed", "1", "--batch", "1", "--only", "1;2"],
    "only: want whole numbers with commas between them, got 1;2",
  ],
  [["counting", "--seed", "1", "--batch", "1", "--only", "1"], "only: want a campaign with events, got counting"],
  [["counting", "failing"], "got counting failing"],
  [["counting", "--colour"], "✗ Unknown option '--colour'"],
])("%j is refused with an explanation", async (args, message) => {
  const { code, out, log } = await run(args);
  expect({ code, out, log }).toEqual({ code: 1, out: "", log: expect.stringContaining(message) });
  expect(log).toContain("campaign <name> [options]");
});

test("every campaign is found under its own name, and its sources exist", async () => {
  for (const [name, load] of Object.entries(REAL)) {
    const loaded = await load();
    expect(loaded.name).toBe(name);
    for (const source of loaded.sources)
      expect(existsSync(join(import.meta.dirname, "..", "..", "..", source))).toBe(true);
  }
});
