/**
 * Two people write to each other over real sockets for some minutes, and none of the processes grows.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { BatchResult, Campaign } from "../campaign.ts";
import { ChatRoom, RATE_LIMIT } from "../people/chat-room.ts";
import { amountsOf, judge } from "../people/judge.ts";
import { NAMES } from "../people/letters.ts";
import type { MemoryLine } from "../people/tell-memory.ts";
import type { Rules } from "../people/verdict.ts";
import { Random } from "../random.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const MINUTES = 10;
const FILES = { smallest: 100 * KIB, largest: 500 * KIB };
const PAUSE_MS = 100;
const FILE_PAUSE_MS = 5_000;
const LOOKS = 30;
/** Of the heap between the first third and the last: hashes of an hour's messages, what remembers the newest by number. */
const HEAP_SLACK_BYTES = 8 * MIB;

export const sdkSoak: Campaign = {
  name: "sdk-soak",
  title: "two people with files over real sockets for minutes: no process grows",
  unit: "minutes",
  fullCount: MINUTES,
  batchSize: MINUTES,
  threads: 1,
  batchLimitMs: 2 * MINUTES * 60_000,
  // The children are not part of it.
  maxResidentBytes: 1_024 * MIB,
  sources: ["packages", "apps/devnet/src", "apps/campaign/src"],
  run: (seed, batch) => soak(seed, batch, MINUTES * 60_000),
};

/** @param durationMs - of which the last third is compared with the first */
export async function soak(seed: number, batch: number, durationMs: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(tmpdir(), "chat-soak-"));
  const rules: Rules = {
    seed: new Random(seed, batch).word(),
    files: FILES,
    rateLimit: RATE_LIMIT,
    keepsPosition: { raya: true, saro: false },
  };
  const memory: Record<string, MemoryLine[]> = { raya: [], saro: [], node: [] };
  const note = (name: string, line: { readonly kind: string } | MemoryLine) => {
    if (line.kind === "memory" && "heap" in line) memory[name]?.push(line);
  };
  using room = new ChatRoom({
    ...rules,
    directory,
    pauseMs: PAUSE_MS,
    filePauseMs: FILE_PAUSE_MS,
    memoryEveryMs: durationMs / LOOKS,
    onPerson: note,
    onNode: (line) => note("node", line),
  });
  await room.open();
  for (const name of NAMES) room.begin(name);
  for (const name of NAMES) await room.person(name).says("opened");
  await wait(durationMs);
  const series = Object.fromEntries(
    Object.entries(memory).flatMap(([name, lines]) => [
      [`${name}.heapBytes`, lines.map(({ heap }) => heap)],
      [`${name}.residentBytes`, lines.map(({ resident }) => resident)],
    ]),
  );
  await room.drain();
  const counts = amountsOf(await judge(room, rules));
  for (const name of NAMES) checkFlat(name, series[`${name}.heapBytes`] ?? []);
  rmSync(directory, { recursive: true, force: true });
  return { counts, peaks: {}, series };
}

function checkFlat(name: string, heaps: readonly number[]): void {
  const third = Math.floor(heaps.length / 3);
  // The lowest of each: a file that is on its way is no growth.
  const [first, last] = [Math.min(...heaps.slice(0, third)), Math.min(...heaps.slice(-third))];
  if (last - first <= HEAP_SLACK_BYTES) return;
  const [before, after] = [first, last].map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`);
  throw new Error(`${name}: the heap grew from at least ${before} in the first third to ${after} in the last`);
}
