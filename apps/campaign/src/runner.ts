/**
 * Runs the batches of a campaign that are still to be run, in its threads, and saves how far it came after each.
 * @module
 */
import { BatchThread } from "./batch-thread.ts";
import { type BatchResult, type Campaign, withBatch } from "./campaign.ts";
import { CampaignError } from "./errors.ts";
import type { Progress } from "./progress.ts";

export interface RunOptions {
  /** Where an earlier run came to, or {@link noProgress}. */
  readonly from: Progress;
  /** How many there are to be in the end. */
  readonly batches: number;
  /** Called after each batch, in the order of their numbers. */
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
  /** A module that exports `CAMPAIGNS` of its own, for tests. */
  readonly registry?: string | undefined;
}

const MIB = 2 ** 20;

/** @throws {@link CampaignError} `BATCH_FAILED`, `DEADLINE`, `MEMORY`; the signal's reason */
export async function runBatches(campaign: Campaign, options: RunOptions): Promise<Progress> {
  const { batches, onProgress, signal, registry } = options;
  const startedAtMs = performance.now();
  let progress = options.from;
  let next = progress.totals.batches;
  /** Done before one with a lower number: they are added up in order, so that progress is one number. */
  const early = new Map<number, BatchResult>();

  const add = (batch: number, result: BatchResult) => {
    early.set(batch, result);
    let { totals } = progress;
    for (let ready = early.get(totals.batches); ready !== undefined; ready = early.get(totals.batches)) {
      early.delete(totals.batches);
      totals = withBatch(totals, ready);
    }
    if (totals === progress.totals) return;
    const peakResidentBytes = Math.max(options.from.peakResidentBytes, process.resourceUsage().maxRSS * 1024);
    const durationMs = options.from.durationMs + performance.now() - startedAtMs;
    progress = { ...progress, totals, durationMs, peakResidentBytes };
    onProgress(progress);
  };

  const failed = new AbortController();
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const work = async () => {
    await using thread = new BatchThread(campaign, registry);
    while (next < batches) {
      const batch = next++;
      add(batch, await thread.run({ seed: options.from.seed, batch }, stop));
      checkMemory(campaign, batch);
    }
  };
  const threads = Math.min(campaign.threads, batches - next);
  const running = Array.from({ length: threads }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  // All of them, so that no thread is left behind; the first failure is the reason for the others.
  await Promise.allSettled(running);
  stop.throwIfAborted();
  return progress;
}

/** A batch that is over has left its memory behind, but for what is not collected yet and for what leaks. */
function checkMemory({ name, maxResidentBytes }: Campaign, batch: number): void {
  const bytes = process.memoryUsage.rss();
  if (bytes <= maxResidentBytes) return;
  const [got, most] = [bytes, maxResidentBytes].map((value) => `${Math.ceil(value / MIB)} MiB`);
  throw new CampaignError("MEMORY", `${name}, batch ${batch}: the process has ${got}, want at most ${most}`);
}
