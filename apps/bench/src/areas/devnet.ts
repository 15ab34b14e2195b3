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
import { BenchError } from "../errors.ts";

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

/** Half an hour takes half an hour: whoever tries something out may set another time. */
export function flatMinutes(text: string | undefined): number {
  if (text === undefined) return 30;
  const minutes = Number(text);
  if (minutes > 0 && minutes <= 24 * 60) return minutes;
  throw new BenchError("INVALID_OPTION", `BENCH_FLAT_MINUTES: want minutes up to ${24 * 60}, got ${text}`);
}

export const devnet = devnetArea({
  messages1kb: 5_000,
  messages100kb: 500,
  latencyMessages: 1_000,
  subscribers: 1_000,
  subscriberMessages: 50,
  memoryMessages1kb: 20_000,
  memoryMessages100kb: 1_000,
  memoryRestMs: 2_000,
  flatMinutes: flatMinutes(process.env.BENCH_FLAT_MINUTES),
  storedMessages: 1_000_000,
  queries: 200,
});
