/**
 * A process that submits to a rate limit manager on SQLite is killed at random moments; a delivery service that outlives
 * it counts what arrives in each epoch.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { MessageStatus } from "@chat/ratelimit";
import type { BatchResult, Campaign } from "../campaign.ts";
import { DeliveryLedger } from "../kills/delivery-ledger.ts";
import type { ChildOrder, FromChild, FromParent, PlannedUnit } from "../kills/protocol.ts";
import { type Death, live } from "../life.ts";
import { Random } from "../random.ts";

export const KILLS_PER_BATCH = 5;
const UNITS_PER_LIFE = 30;
const MESSAGES_PER_EPOCH = 20;
const EPOCH_MS = 200;
/** Of the clock of one process: it may go back and forth from life to life. */
const MOST_SKEW_MS = 300;

export const ratelimitKills: Campaign = {
  name: "ratelimit-kills",
  title: "a process with a rate limit manager on SQLite, killed at random moments, against what arrives per epoch",
  unit: "kills",
  fullCount: 200,
  batchSize: KILLS_PER_BATCH,
  threads: 2,
  batchLimitMs: 120_000,
  // The children are not part of it.
  maxResidentBytes: 512 * 2 ** 20,
  sources: ["packages/ratelimit/src", "packages/store-sqlite/src", "packages/store/src", "apps/campaign/src"],
  run,
};

async function run(seed: number, batch: number): Promise<BatchResult> {
  const directory = mkdtempSync(join(tmpdir(), "chat-kills-"));
  try {
    return await killAgainAndAgain(join(directory, "queue.db"), seed, batch);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function killAgainAndAgain(path: string, seed: number, batch: number): Promise<BatchResult> {
  const random = new Random(seed, 2 * batch);
  // Numbers of its own: how often it is asked is a matter of time, and what is planned is not.
  const ofService = new Random(seed, 2 * batch + 1);
  const planned: PlannedUnit[] = [];
  const acknowledged = new Set<string>();
  const ledger = new DeliveryLedger(MESSAGES_PER_EPOCH, ofService);
  let statuses: readonly (readonly [id: string, status: MessageStatus | null])[] = [];
  let killedUnderWay = 0;

  const onLine = (line: FromChild, reply: (line: FromParent) => void) => {
    if (line.kind === "problem") throw new Error(line.message);
    if (line.kind === "acknowledged") for (const id of line.ids) acknowledged.add(id);
    if (line.kind === "ended") statuses = line.statuses;
    if (line.kind !== "deliver") return;
    ledger.record(line);
    const answer = ledger.answer(line.id);
    setTimeout(() => reply({ call: line.call, answer }), ofService.below(30));
  };
  const order = (skewMs: number): ChildOrder => {
    const units = planned.filter(({ ids }) => ids.some((id) => !acknowledged.has(id)));
    return { path, messagesPerEpoch: MESSAGES_PER_EPOCH, epochMs: EPOCH_MS, skewMs, units };
  };

  for (let kill = 0; kill < KILLS_PER_BATCH; kill += 1) {
    plan(planned, random);
    const before = ledger.transmissions;
    const skewMs = random.between(-MOST_SKEW_MS, MOST_SKEW_MS);
    await live({ script: "kills/child", order: order(skewMs), onLine, death: deathOf(random) });
    if (ledger.transmissions > before) killedUnderWay += 1;
  }
  plan(planned, random);
  const ids = planned.flatMap((unit) => unit.ids);
  await live({ script: "kills/child", order: { ...order(0), until: ids }, onLine });
  checkEnds(planned, new Map(statuses), acknowledged, ledger);

  return {
    counts: { kills: KILLS_PER_BATCH, submissions: planned.length, messages: ids.length },
    peaks: {
      mostMessagesInAnEpoch: ledger.fullestEpoch,
      mostTransmissions: ledger.transmissions,
      mostTransmittedAgain: ledger.repeated,
      mostEpochs: ledger.epochs,
      mostKillsWhileTransmitting: killedUnderWay,
      mostDropped: statuses.filter(([, status]) => status?.kind === "dropped").length,
    },
  };
}

/** Adds what a life submits. */
function plan(planned: PlannedUnit[], random: Random): void {
  for (let added = 0; added < UNITS_PER_LIFE; added += 1) {
    const number = planned.length;
    const size = random.chance(0.15) ? random.between(2, 5) : 1;
    const ids = Array.from({ length: size }, (_, index) => `m${number}-${index}`);
    planned.push({ ids, priority: random.pick(["critical", "normal", "normal", "optional"]) });
  }
}

function deathOf(random: Random): Death {
  if (random.chance(0.2)) return { from: "start", afterMs: random.between(50, 350) };
  return { from: "open", afterMs: random.between(0, 500) };
}

/** Every message ended, and as the delivery service knows it. */
function checkEnds(
  planned: readonly PlannedUnit[],
  statuses: ReadonlyMap<string, MessageStatus | null>,
  acknowledged: ReadonlySet<string>,
  ledger: DeliveryLedger,
): void {
  for (const { ids, priority } of planned) {
    for (const id of ids) {
      const status = statuses.get(id);
      if (!acknowledged.has(id)) throw new Error(`${id}: want it acknowledged in the end, and it is not`);
      if (!status) throw new Error(`${id}: acknowledged, and lost`);
      const problem = problemOf(id, status, { priority, isBatch: ids.length > 1 }, ledger);
      if (problem !== undefined) throw new Error(`${id}, ${priority}: ${problem}, got ${JSON.stringify(status)}`);
    }
    checkDrop(ids, statuses);
  }
}

function problemOf(
  id: string,
  status: MessageStatus,
  { priority, isBatch }: { readonly priority: string; readonly isBatch: boolean },
  ledger: DeliveryLedger,
): string | undefined {
  if (status.kind === "passed") return ledger.gave(id, status.receipt) ? undefined : "want a receipt that was given";
  if (status.kind === "dropped") {
    if (priority !== "optional") return "want it dropped only if it is optional";
    return undefined;
  }
  if (status.kind !== "failed") return "want it ended";
  if (!("reason" in status)) return "want no retry left";
  if (status.reason === "not-passed") {
    return isBatch && !ledger.hasSeen(id) ? undefined : "want it of a batch and never transmitted";
  }
  if (status.reason === "unknown") return isBatch ? undefined : "want it of a batch that was cut off";
  // Of a batch that is half passed, what is not taken ends it, also for a reason that is temporary.
  return ledger.hasRefused(id) || (isBatch && ledger.hasSeen(id)) ? undefined : "want it refused for good";
}

function checkDrop(ids: readonly string[], statuses: ReadonlyMap<string, MessageStatus | null>): void {
  const [first, ...others] = ids.map((id) => statuses.get(id));
  if (![first, ...others].some((status) => status?.kind === "dropped")) return;
  if (others.every((status) => isDeepStrictEqual(status, first))) return;
  throw new Error(`${ids.join(", ")}: want the batch dropped as one, and it is not`);
}
