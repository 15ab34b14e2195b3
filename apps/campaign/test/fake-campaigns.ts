/** Campaigns whose batches are known beforehand; the worker threads load this module as well. @module */
import type { Campaign } from "../src/campaign.ts";
import type { CampaignLoaders } from "../src/campaigns.ts";

/** Each batch counts itself; its peak is highest in batch 3. */
const counting: Campaign = {
  name: "counting",
  title: "counts its batches",
  unit: "things",
  fullCount: 60,
  batchSize: 10,
  threads: 2,
  batchLimitMs: 10_000,
  maxResidentBytes: 2 ** 40,
  sources: ["sources"],
  run: (seed, batch) => ({
    counts: { batches: 1, sum: batch, seeds: seed },
    peaks: { height: batch === 3 ? 100 : batch },
    series: { steps: [batch, batch / 3] },
  }),
};

const failing: Campaign = {
  ...counting,
  name: "failing",
  threads: 1,
  run: (seed, batch) => {
    if (batch === 2) throw new Error("batch 2 found something");
    return counting.run(seed, batch);
  },
};

const eventful: Campaign = {
  ...counting,
  name: "eventful",
  hasEvents: true,
  run: (_seed, _batch, only = [1, 2, 3]) => ({ counts: { events: only.length }, peaks: {} }),
};

const hanging: Campaign = {
  ...counting,
  name: "hanging",
  batchLimitMs: 200,
  run: (seed, batch) => {
    while (batch === 1);
    return counting.run(seed, batch);
  },
};

const growing: Campaign = { ...counting, name: "growing", maxResidentBytes: 1 };

const crashing: Campaign = { ...counting, name: "crashing", run: () => process.exit(7) };

export const FAKE_MODULE = import.meta.url;

export const CAMPAIGNS: CampaignLoaders = {
  counting: async () => counting,
  failing: async () => failing,
  eventful: async () => eventful,
  hanging: async () => hanging,
  growing: async () => growing,
  crashing: async () => crashing,
};
