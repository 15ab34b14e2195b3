/**
 * How much memory queued messages take, in processes that do nothing else.
 * @module
 */
import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchCase } from "../case.ts";
import { PEERS } from "./gates.ts";

const LIMIT_MS = 120_000;
/** Source or built, as this file is. */
const CHILD = fileURLToPath(import.meta.resolve("./memory-child.ts")).replace(/\.ts$/, extname(import.meta.filename));

export const memoryCases: readonly BenchCase[] = Object.keys(PEERS).map((peer) => ({
  name: `memory-100k-${peer}`,
  title: "resident memory of 100,000 queued messages of 200 bytes",
  unit: "MB",
  better: "lower",
  peer,
  note: "each message has bytes of its own; ours copies them and keeps id and record, a peer keeps them in a closure",
  rounds: 3,
  limitMs: LIMIT_MS,
  prepare: async () => ({
    ours: () => measure("ours"),
    theirs: () => measure(peer),
    [Symbol.asyncDispose]: async () => {},
  }),
}));

/** @returns MB (10^6 bytes) */
async function measure(side: string): Promise<number> {
  const command = [...process.execArgv, "--expose-gc", CHILD, side];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: LIMIT_MS });
  return Number(stdout) / 1e6;
}
