/**
 * How much memory a payload of 100 MiB takes besides itself, in processes that do nothing else.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchCase } from "../case.ts";
import { MIB } from "./sizes.ts";

const LIMIT_MIB = 100 + 64;
const LIMIT_MS = 60_000;
/** Source or built, as this file is. */
const CHILD = fileURLToPath(import.meta.resolve("./memory-child.ts")).replace(/\.ts$/, extname(import.meta.filename));

export const memoryCase: BenchCase = {
  name: "memory-100mb",
  title: "extra resident memory, at most, while 100 MiB are segmented or reassembled",
  unit: "MiB",
  better: "lower",
  peer: "limit: one payload + 64 MiB",
  note: "the worst of segmenting, reassembling all and reassembling with 12.5 % lost; reassembling includes the payload",
  rounds: 3,
  limitMs: 3 * LIMIT_MS,
  prepare: async () => {
    const folder = mkdtempSync(join(tmpdir(), "chat-bench-"));
    const file = join(folder, "messages");
    return {
      ours: async () => {
        const extra: number[] = [];
        for (const task of ["segment", "reassemble", "reassemble-lossy"]) extra.push(await measure(task, file));
        return Math.max(...extra) / MIB;
      },
      theirs: async () => LIMIT_MIB,
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

async function measure(task: string, file: string): Promise<number> {
  const command = [...process.execArgv, "--expose-gc", CHILD, task, file];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: LIMIT_MS });
  return Number(stdout);
}
