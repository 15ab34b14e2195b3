/**
 * The areas that exist, each loaded only when it is asked for.
 * @module
 */
import type { BenchArea } from "./case.ts";

export type AreaLoaders = Readonly<Record<string, () => Promise<BenchArea>>>;

export const AREAS: AreaLoaders = {
  bandwidth: async () => (await import("./areas/bandwidth.ts")).bandwidth,
  devnet: async () => (await import("./areas/devnet.ts")).devnet,
  e2e: async () => (await import("./areas/e2e.ts")).e2e,
  languages: async () => (await import("./areas/languages.ts")).languages,
  privacy: async () => (await import("./areas/privacy.ts")).privacy,
  ratchet: async () => (await import("./areas/ratchet.ts")).ratchet,
  ratelimit: async () => (await import("./areas/ratelimit.ts")).ratelimit,
  reliability: async () => (await import("./areas/reliability.ts")).reliability,
  segmentation: async () => (await import("./areas/segmentation.ts")).segmentation,
  store: async () => (await import("./areas/store.ts")).store,
};
