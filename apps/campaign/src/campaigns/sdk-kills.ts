/**
 * Two people write to each other over real sockets, with a file under way in each direction, and are killed at random
 * moments; what their clients have in the end is compared with what their applications wrote down.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { BatchResult, Campaign } from "../campaign.ts";
import { ChatRoom, RATE_LIMIT } from "../people/chat-room.ts";
import { amountsOf, judge } from "../people/judge.ts";
import { NAMES, type Name } from "../people/letters.ts";
import { entriesOf, type Rules, type Side } from "../people/verdict.ts";
import { Random } from "../random.ts";

export const KILLS_PER_BATCH = 4;
const MIB = 2 ** 20;
const FILES = { smallest: MIB, largest: 3 * MIB };
const PAUSE_MS = 60;
/** The service node loses all that it has stored once in so many batches. */
const WIPES_EVERY = 4;
const LONGEST_LIFE_MS = 2_500;
const LONGEST_ABSENCE_MS = 1_500;

export const sdkKills: Campaign = {
  name: "sdk-kills",
  title: "two people with files under way, killed at random moments, against what their applications wrote down",
  unit: "kills",
  fullCount: 300,
  batchSize: KILLS_PER_BATCH,
  threads: 1,
  batchLimitMs: 300_000,
  // The children are not part of it.
  maxResidentBytes: 1_024 * MIB,
  sources: ["packages", "apps/devnet/src", "apps/campaign/src"],
  run,
};

async function run(seed: number, batch: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(tmpdir(), "chat-kills-"));
  const result = await killAgainAndAgain(directory, seed, batch);
  rmSync(directory, { recursive: true, force: true });
  return result;
}

async function killAgainAndAgain(directory: string, seed: number, batch: number): Promise<BatchResult> {
  const random = new Random(seed, batch);
  const rules: Rules = {
    seed: random.word(),
    files: FILES,
    rateLimit: RATE_LIMIT,
    keepsPosition: { raya: random.chance(0.5), saro: random.chance(0.5) },
  };
  const recoveries: number[] = [];
  const onPerson = (_: Name, { kind }: { readonly kind: string }, ageMs: number) => {
    if (kind === "recovered") recoveries.push(Math.round(ageMs));
  };
  using room = new ChatRoom({ ...rules, directory, pauseMs: PAUSE_MS, filePauseMs: 0, onPerson });
  await room.open();
  for (const name of NAMES) room.begin(name);
  const counts: Record<string, number> = { kills: KILLS_PER_BATCH };
  for (let kill = 0; kill < KILLS_PER_BATCH; kill += 1) {
    // Seldom: what nobody has got is then sent again, half a minute later at the earliest.
    const wipesNode = kill === 0 && batch % WIPES_EVERY === WIPES_EVERY - 1;
    for (const what of await killOnce(room, random, wipesNode)) counts[what] = (counts[what] ?? 0) + 1;
  }
  const drainStartMs = performance.now();
  await room.drain();
  const drainMs = Math.round(performance.now() - drainStartMs);
  const sides = await judge(room, rules);
  return {
    counts: { ...counts, ...amountsOf(sides), recoveries: recoveries.length },
    peaks: { fullestEpoch: Math.max(...sides.map(fullestEpoch)) },
    series: { recoveryMs: recoveries, drainMs: [drainMs] },
  };
}

/** One kill, of one or both. @returns what kind it was */
async function killOnce(room: ChatRoom, random: Random, wipesNode: boolean): Promise<string[]> {
  const choice = random.below(10);
  const victims: readonly Name[] = choice < 4 ? ["raya"] : choice < 8 ? ["saro"] : NAMES;
  const moment = random.pick(["start", "opening", "chat", "chat", "chat", "chat"] as const);
  const restartsNode = random.chance(0.2) || wipesNode;
  const nodeMs = random.below(LONGEST_LIFE_MS);
  const afterMs = moment === "start" ? random.below(600) : moment === "opening" ? random.below(100) : undefined;
  const lifeMs = random.below(LONGEST_LIFE_MS);
  const absenceMs = random.below(LONGEST_ABSENCE_MS);
  const node = restartsNode ? restartNode(room, nodeMs, random.below(LONGEST_ABSENCE_MS), wipesNode) : undefined;

  if (moment !== "start")
    for (const name of victims) await room.person(name).says(moment === "chat" ? "opened" : "opening");
  await wait(afterMs ?? lifeMs);
  await Promise.all(victims.map((name) => room.person(name).kill()));
  if (random.chance(0.5)) await wait(absenceMs);
  for (const name of victims) room.begin(name);
  await node;
  return [
    `kills.${moment}`,
    `kills.${victims.length === 1 ? victims[0] : "both"}`,
    ...(restartsNode ? ["nodeRestarts"] : []),
    ...(wipesNode ? ["storeWipes"] : []),
  ];
}

async function restartNode(room: ChatRoom, afterMs: number, absenceMs: number, wipes: boolean): Promise<void> {
  await wait(afterMs);
  await room.killNode({ wipes });
  await wait(absenceMs);
  await room.beginNode();
}

/** Messages that were given a place in it. */
function fullestEpoch(side: Side): number {
  const indexes = new Map<number, Set<number>>();
  for (const { epoch, index } of entriesOf(side, "slot")) {
    indexes.set(epoch, (indexes.get(epoch) ?? new Set()).add(index));
  }
  return Math.max(0, ...[...indexes.values()].map(({ size }) => size));
}
