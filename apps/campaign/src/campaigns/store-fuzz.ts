/**
 * Hostile database files, opened and read in processes of their own: none ends the process, hangs, or reads as what was
 * never put there.
 * @module
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchResult, Campaign } from "../campaign.ts";
import { messageOf } from "../errors.ts";
import { live } from "../life.ts";
import type { FuzzLine, FuzzOrder } from "../store/fuzz-child.ts";

const BATCH_SIZE = 100;
/** Where files are not waited for, on Linux. */
const MEMORY = "/dev/shm";
/** Of one file; the slowest honest work is a key derivation of a second. */
const SILENCE_LIMIT_MS = 20_000;

export const storeFuzz: Campaign = {
  name: "store-fuzz",
  title: "hostile database files, logs, journals, rows and schemas, opened and read whole in processes of their own",
  unit: "hostile files",
  fullCount: 20_000,
  batchSize: BATCH_SIZE,
  threads: 2,
  batchLimitMs: 300_000,
  // The children are not part of it.
  maxResidentBytes: 256 * 2 ** 20,
  sources: ["packages/store-sqlite/src", "packages/store/src", "apps/campaign/src/store"],
  run: fuzz,
};

async function fuzz(seed: number, batch: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "chat-fuzz-"));
  const order: FuzzOrder = { seed, batch, files: BATCH_SIZE, directory };
  const counts: Record<string, number> = {};
  let peaks: BatchResult["peaks"] = {};
  let current = "the making of the intact database";
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const onLine = (line: FuzzLine) => {
    if (line.kind === "problem") throw new Error(line.message);
    if (line.kind === "file") {
      current = `file ${line.index}, ${line.mutation}`;
      count(`files.${line.mutation}`);
    }
    if (line.kind === "outcome") count(`${line.mutation}.${line.code}`);
    if (line.kind === "done") peaks = { slowestFileMs: line.slowestMs, childResidentBytes: line.peakResidentBytes };
  };
  try {
    await live<FuzzLine>({ script: "store/fuzz-child", order, onLine, silenceLimitMs: SILENCE_LIMIT_MS });
  } catch (cause) {
    const kept = mkdtempSync(join(tmpdir(), "chat-fuzz-found-"));
    cpSync(directory, kept, { recursive: true });
    throw new Error(`${current}, kept in ${kept}: ${messageOf(cause)}`, { cause });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return { counts, peaks };
}
