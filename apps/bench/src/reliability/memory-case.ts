/**
 * What a chat of 10,000 messages keeps in memory, in processes that do nothing else.
 * @module
 */
import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchCase } from "../case.ts";

const LIMIT_MS = 60 * 60 * 1000;
/** Source or built, as this file is. */
const CHILD = fileURLToPath(import.meta.resolve("./memory-child.ts")).replace(/\.ts$/, extname(import.meta.filename));

export const memoryCase: BenchCase = {
  name: "memory-10k",
  title: "growth of heap and buffers of one person by 10,000 messages in one chat, after garbage collection",
  unit: "MB",
  better: "lower",
  peer: "@waku/sdk ReliableChannel",
  note: "ours keeps messages in SQLite, whose cache is not in the heap; the peer keeps everything in memory, and nothing on disk",
  rounds: 1,
  limitMs: LIMIT_MS,
  prepare: async () => {
    const known = new Map<string, Promise<number>>();
    // One run is the figure: the round that warms up takes minutes.
    const measured = (side: "ours" | "theirs") => {
      const found = known.get(side) ?? measure(side, 10_000);
      known.set(side, found);
      return found;
    };
    return {
      ours: () => measured("ours"),
      theirs: () => measured("theirs"),
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

/** @returns MB (10^6 bytes) */
export async function measure(side: "ours" | "theirs", messages: number): Promise<number> {
  const command = [...process.execArgv, "--expose-gc", CHILD, side, String(messages)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: LIMIT_MS });
  return Number(stdout) / 1e6;
}
