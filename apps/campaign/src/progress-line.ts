/**
 * How far a campaign has come, in one line. Pure.
 * @module
 */
import type { Campaign } from "./campaign.ts";
import { grouped } from "./report.ts";

export type Distance = {
  readonly campaign: Pick<Campaign, "name" | "unit" | "batchSize">;
  readonly batches: number;
  readonly ofBatches: number;
  /** Of this run, which began after `fromBatches`. */
  readonly elapsedMs: number;
  readonly fromBatches: number;
};

const BAR_WIDTH = 24;
const SECOND_MS = 1000;

export function progressLine({ campaign, batches, ofBatches, elapsedMs, fromBatches }: Distance): string {
  const share = ofBatches === 0 ? 1 : batches / ofBatches;
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
  const done = batches - fromBatches;
  const left = done > 0 ? `, ${duration((elapsedMs / done) * (ofBatches - batches))} left` : "";
  const [count, of] = [batches, ofBatches].map((number) => grouped(number * campaign.batchSize));
  return `${campaign.name} ${bar} ${Math.floor(share * 100)} %: ${count} of ${of} ${campaign.unit}, ${duration(elapsedMs)}${left}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
