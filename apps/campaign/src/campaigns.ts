/**
 * The campaigns that exist, each loaded only when it is asked for.
 * @module
 */
import type { Campaign } from "./campaign.ts";

export type CampaignLoaders = Readonly<Record<string, () => Promise<Campaign>>>;

export const CAMPAIGNS: CampaignLoaders = {
  "codec-fuzz": async () => (await import("./campaigns/codec-fuzz.ts")).codecFuzz,
  "codec-observer": async () => (await import("./campaigns/codec-observer.ts")).codecObserver,
  "ratchet-fuzz": async () => (await import("./campaigns/ratchet-fuzz.ts")).ratchetFuzz,
  "ratchet-hash-fuzz": async () => (await import("./campaigns/ratchet-hash-fuzz.ts")).ratchetHashFuzz,
  "ratchet-x25519-fuzz": async () => (await import("./campaigns/ratchet-x25519-fuzz.ts")).ratchetX25519Fuzz,
  "ratelimit-kills": async () => (await import("./campaigns/ratelimit-kills.ts")).ratelimitKills,
  "ratelimit-model": async () => (await import("./campaigns/ratelimit-model.ts")).ratelimitModel,
  "sdk-day": async () => (await import("./campaigns/sdk-day.ts")).sdkDay,
  "sdk-kills": async () => (await import("./campaigns/sdk-kills.ts")).sdkKills,
  "sdk-soak": async () => (await import("./campaigns/sdk-soak.ts")).sdkSoak,
  "segmentation-fuzz": async () => (await import("./campaigns/segmentation-fuzz.ts")).segmentationFuzz,
  "segmentation-memory": async () => (await import("./campaigns/segmentation-memory.ts")).segmentationMemory,
  simulation: async () => (await import("./campaigns/simulation.ts")).simulation,
  "store-fuzz": async () => (await import("./campaigns/store-fuzz.ts")).storeFuzz,
  "store-kills": async () => (await import("./campaigns/store-kills.ts")).storeKills,
};
