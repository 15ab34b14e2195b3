/**
 * A process that writes is killed at random moments; after each, the database is compared with the transactions that it
 * acknowledged.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openMemoryStore, type Store } from "@chat/store";
import { openStore } from "@chat/store-sqlite";
import Database from "better-sqlite3";
import type { BatchResult, Campaign } from "../campaign.ts";
import { type Death, live } from "../life.ts";
import { Random } from "../random.ts";
import { KEY, type KillsLine } from "../store/kills-order.ts";
import { changeOf, contentOf, countOf } from "../store/workload.ts";

export const KILLS_PER_BATCH = 10;

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
    return await killAgainAndAgain(join(directory, "chat.db"), seed, batch);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function killAgainAndAgain(path: string, seed: number, batch: number): Promise<BatchResult> {
  const random = new Random(seed, batch);
  const workload = random.word();
  await using expected = openMemoryStore();
  let stored = 0;
  let killsWhileWriting = 0;
  let mostUnacknowledged = 0;
  for (let kill = 0; kill < KILLS_PER_BATCH; kill += 1) {
    let acknowledged = stored;
    const onLine = (line: KillsLine) => {
      if (line.kind === "acknowledged") acknowledged = Math.max(acknowledged, line.number);
    };
    await live<KillsLine>({
      script: "store/kills-child",
      order: { path, seed: workload },
      onLine,
      death: deathOf(random),
    });
    if (acknowledged > stored) killsWhileWriting += 1;
    stored = await compare(path, { seed: workload, expected, stored, acknowledged });
    mostUnacknowledged = Math.max(mostUnacknowledged, stored - acknowledged);
  }
  return {
    counts: { kills: KILLS_PER_BATCH },
    peaks: { mostTransactions: stored, killsWhileWriting, mostUnacknowledged },
  };
}

/** A fifth of the kills hit the start or the opening, which may have a log to take over. */
function deathOf(random: Random): Death {
  if (random.chance(0.2)) return { from: "start", afterMs: random.between(50, 350) };
  return { from: "open", afterMs: random.between(0, 400) };
}

type Known = {
  readonly seed: number;
  /** Holds the first `stored` transactions, and is brought on. */
  readonly expected: Store;
  readonly stored: number;
  readonly acknowledged: number;
};

/** @returns how many transactions are stored now @throws Error if these are not the first so many, all that is acknowledged among them */
async function compare(path: string, { seed, expected, stored, acknowledged }: Known): Promise<number> {
  const store = await openStore({ path, key: KEY });
  const count = await countOf(store);
  if (count < acknowledged) throw new Error(`transactions: want the ${acknowledged} acknowledged ones, got ${count}`);
  for (let number = stored + 1; number <= count; number += 1) await expected.write(changeOf(seed, number));
  const [actual, wanted] = [await contentOf(store, count), await contentOf(expected, count)];
  await store.close();
  for (const [name, value] of Object.entries(wanted)) {
    if (isDeepStrictEqual(actual[name], value)) continue;
    throw new Error(`${name}: want that of the first ${count} transactions, got another`);
  }
  checkPages(path);
  return count;
}

function checkPages(path: string): void {
  const database = new Database(path);
  try {
    const problem = database.pragma("integrity_check", { simple: true });
    if (problem !== "ok") throw new Error(`integrity: want ok, got ${problem}`);
    const orphans = database.pragma("foreign_key_check");
    if (!isDeepStrictEqual(orphans, [])) throw new Error("foreign keys: want none broken, got some");
  } finally {
    database.close();
  }
}
