/**
 * Area `devnet`: a service node of ours under load, beside one of go-waku under the same. README.md says what is like for
 * like and what is not.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { type MemoryScale, memoryCases } from "../devnet/memory-cases.ts";
import { type RelayScale, relayCases } from "../devnet/relay-cases.ts";
import { type StoreScale, storeCases } from "../devnet/store-cases.ts";
import { type SubscriberScale, subscriberCases } from "../devnet/subscriber-cases.ts";

export type DevnetScale = RelayScale & SubscriberScale & MemoryScale & StoreScale;

export function devnetArea(scale: DevnetScale): BenchArea {
  const memory = memoryCases(scale);
  return {
    name: "devnet",
    title: "a service node under load: relay, light push, filter, store, memory",
    cases: [...relayCases(scale), ...subscriberCases(scale), ...memory.cases, ...storeCases(scale)],
    plots: async () => memory.plots(),
  };
}

export const devnet = devnetArea({
  messages1kb: 5_000,
  messages100kb: 500,
  latencyMessages: 1_000,
  subscribers: 1_000,
  subscriberMessages: 50,
  memoryMessages1kb: 20_000,
  memoryMessages100kb: 1_000,
  flatMinutes: 30,
  storedMessages: 1_000_000,
  queries: 200,
});
