/**
 * A process that writes is killed at random moments; after each, the database is compared with the transactions that it
 * acknowledged.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import { openStore } from "@chat/store-sqlite";
import Database from "better-sqlite3";
import type { BatchResult, Campaign } from "../campaign.ts";
import { type Death, live } from "../life.ts";
import { Random } from "../random.ts";
import { type KillsLine, type KillsOrder, type StepCounts, UNDER_WAY } from "../store/kills-order.ts";
import { openMemoryWhole, PART_NAMES, type Part, type PartName, partsOf } from "../store/parts.ts";
import { keyOf, type StoreFiles } from "../store/store-files.ts";

export const KILLS_PER_BATCH = 4;

export const storeKills: Campaign = {
  name: "store-kills",
  title: "a process that writes into a database, killed at random moments, against what it acknowledged",
  unit: "kills",
  fullCount: 500,
  batchSize: KILLS_PER_BATCH,
  threads: 2,
  batchLimitMs: 120_000,
  // The children are not part of it.
  maxResidentBytes: 768 * 2 ** 20,
  sources: ["packages/store-sqlite/src", "packages/store/src", "apps/campaign/src"],
  run,
};

async function run(seed: number, batch: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(tmpdir(), "chat-kills-"));
  try {
    const [path, secretsPath] = [join(directory, "chat.db"), join(directory, "secrets.db")];
    return await killAgainAndAgain(batch % 2 === 0 ? { path } : { path, secretsPath }, seed, batch);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function killAgainAndAgain(files: StoreFiles, seed: number, batch: number): Promise<BatchResult> {
  const random = new Random(seed, batch);
  const workload = random.word();
  const expected = partsOf(await openMemoryWhole(), workload);
  let done: StepCounts = { chat: 0, queue: 0, sets: 0, keys: 0 };
  let killsWhileWriting = 0;
  let mostUnacknowledged = 0;
  for (let kill = 0; kill < KILLS_PER_BATCH; kill += 1) {
    const acknowledged = { ...done };
    await live<KillsLine>({
      script: "store/kills-child",
      order: { files, seed: workload, done } satisfies KillsOrder,
      onLine: (line) => {
        if (line.kind === "acknowledged") acknowledged[line.part] = Math.max(acknowledged[line.part], line.number);
      },
      death: deathOf(random),
    });
    if (acknowledged.chat > done.chat) killsWhileWriting += 1;
    done = await compare(files, { seed: workload, expected, done, acknowledged });
    for (const part of PART_NAMES) mostUnacknowledged = Math.max(mostUnacknowledged, done[part] - acknowledged[part]);
  }
  return {
    counts: {
      kills: KILLS_PER_BATCH,
      [files.secretsPath === undefined ? "kills.oneFile" : "kills.twoFiles"]: KILLS_PER_BATCH,
    },
    peaks: {
      mostTransactions: done.chat,
      mostQueueCommits: done.queue,
      mostStepsOfSets: done.sets,
      mostKeyChanges: done.keys,
      killsWhileWriting,
      mostUnacknowledged,
    },
  };
}

/** A fifth of the kills hit the start or the opening, which may have a log to take over. */
function deathOf(random: Random): Death {
  if (random.chance(0.2)) return { from: "start", afterMs: random.between(50, 350) };
  return { from: "open", afterMs: random.between(0, 400) };
}

type Known = {
  readonly seed: number;
  /** Has made the steps that are `done`, and is brought on. */
  readonly expected: Readonly<Record<PartName, Part>>;
  readonly done: StepCounts;
  readonly acknowledged: StepCounts;
};

/** @returns how many steps of each part are stored now @throws Error if these are not the first so many, with all that are acknowledged */
async function compare(files: StoreFiles, { seed, expected, done, acknowledged }: Known): Promise<StepCounts> {
  const keys = await keyThatOpens(files, acknowledged.keys);
  const store = await openStore({ ...files, key: keyOf(keys) });
  if (store.origin !== "current") throw new Error(`origin: want the current state, got ${store.origin}`);
  const stored = partsOf(store, seed);
  const counts = { ...done, keys };
  for (const part of PART_NAMES) {
    const first = acknowledged[part];
    const made = { from: done[part], first, last: first + UNDER_WAY };
    counts[part] = await countOf(part, stored[part], expected[part], made);
  }
  await store.close();
  for (const path of Object.values(files)) checkPages(path);
  return counts;
}

/** The change that was under way is made or not: one key is valid. @returns its number */
async function keyThatOpens(files: StoreFiles, acknowledged: number): Promise<number> {
  const valid: number[] = [];
  for (const number of [acknowledged - 1, acknowledged, acknowledged + 1]) {
    if (number < 0) continue;
    try {
      await (await openStore({ ...files, key: keyOf(number) })).close();
      valid.push(number);
    } catch (error) {
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
      if (code !== "WRONG_KEY") throw error;
    }
  }
  const [number, ...others] = valid;
  if (number !== undefined && number >= acknowledged && others.length === 0) return number;
  throw new Error(`keys: want one of ${acknowledged} and ${acknowledged + 1}, got ${valid.join(", ") || "none"}`);
}

type Range = { readonly from: number; readonly first: number; readonly last: number };

/** Which of the steps from `first` to `last` is the last one that is stored. */
async function countOf(name: PartName, stored: Part, expected: Part, { from, first, last }: Range): Promise<number> {
  const differences: string[] = [];
  for (let count = from; count <= last; count += 1) {
    if (count > from) await expected.step(count);
    if (count < first) continue;
    const [is, shouldBe] = [await contentOf(stored, count), await contentOf(expected, count)];
    if (isDeepStrictEqual(is, shouldBe)) return count;
    differences.push(`${count} differs in ${differenceOf(is, shouldBe)}`);
  }
  throw new Error(`${name}: want the first ${first} to ${last} steps, got something else: ${differences.join("; ")}`);
}

/** Rows that a native library made may be arrays of another realm (jest has several in one process): not what is compared. */
async function contentOf(part: Part, count: number): Promise<unknown> {
  return structuredClone(await part.content(count));
}

/** Where two contents differ first, with what is there. */
function differenceOf(is: unknown, shouldBe: unknown): string {
  const [entries, wanted] = [Object.entries(Object(is)), new Map(Object.entries(Object(shouldBe)))];
  const different = entries.filter(([key, value]) => !isDeepStrictEqual(value, wanted.get(key))).map(([key]) => key);
  const [key = ""] = different;
  const shown = (content: unknown) =>
    inspect(Reflect.get(Object(content), key), { depth: 4, breakLength: 200 }).slice(0, 2_000);
  return `${different.join(", ")} (want ${shown(shouldBe)}, got ${shown(is)})`;
}

function checkPages(path: string): void {
  const database = new Database(path);
  try {
    const problem = database.pragma("integrity_check", { simple: true });
    if (problem !== "ok") throw new Error(`integrity: want ok, got ${problem}`);
    const orphans = database.prepare("SELECT * FROM pragma_foreign_key_check").get();
    if (orphans !== undefined) throw new Error("foreign keys: want none broken, got some");
  } finally {
    database.close();
  }
}
