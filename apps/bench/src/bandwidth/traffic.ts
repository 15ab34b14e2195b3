/**
 * The traffic of many people who chat in pairs. Pairs do not share anything that costs bytes, so each is simulated by
 * itself, on all cores.
 * @module
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { addTraffic, NO_TRAFFIC, type PairTraffic } from "./pair-traffic.ts";
import type { TrafficOrder } from "./traffic-thread.ts";

// Beside this file, in the sources as in the build.
const THREAD = new URL(`./traffic-thread${extname(import.meta.filename)}`, import.meta.url);
const PAIRS_AT_ONCE = 50;

/** @returns the sum over all pairs */
export async function trafficOf(pairs: number, loss: number): Promise<PairTraffic> {
  let sum: PairTraffic = { written: 0, traffic: NO_TRAFFIC };
  let next = 1;
  const takeTurns = async () => {
    while (next <= pairs) {
      const from = next;
      next = Math.min(pairs + 1, from + PAIRS_AT_ONCE);
      const { written, traffic } = await simulate({ loss, from, to: next });
      sum = { written: sum.written + written, traffic: addTraffic(sum.traffic, traffic) };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, takeTurns));
  return sum;
}

async function simulate(order: TrafficOrder): Promise<PairTraffic> {
  const worker = new Worker(THREAD, { workerData: order });
  try {
    const [sum]: [PairTraffic] = (await once(worker, "message")) as [PairTraffic];
    return sum;
  } finally {
    await worker.terminate();
  }
}
