/**
 * The memory of another process, as the operating system counts it.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { median } from "../statistics.ts";

/** @returns MB (10^6 bytes) */
export function residentMb(pid: number): number {
  if (process.platform !== "linux") return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) * 1.024e-3;
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  if (kibibytes === undefined) throw new Error(`memory of process ${pid}: want it, got none`);
  return Number(kibibytes) * 1.024e-3;
}

/** One look at the memory, at some time of a run. */
export type Sample = { readonly atMs: number; readonly mb: number };

/**
 * How many times the memory of the first sixth is there in the last: of half an hour, five minutes each.
 * @throws RangeError when there is no sample in one of them
 */
export function growth(samples: readonly Sample[]): number {
  const from = samples.at(0)?.atMs ?? 0;
  const to = samples.at(-1)?.atMs ?? 0;
  const sixth = (to - from) / 6;
  const mb = (chosen: readonly Sample[]) => median(chosen.map((sample) => sample.mb));
  return mb(samples.filter(({ atMs }) => atMs >= to - sixth)) / mb(samples.filter(({ atMs }) => atMs <= from + sixth));
}
