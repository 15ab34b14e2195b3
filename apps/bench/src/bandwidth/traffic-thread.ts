/**
 * The thread that simulates some of the pairs: told which, it answers with the sum.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { addTraffic, NO_TRAFFIC, type PairTraffic, trafficOfPair } from "./pair-traffic.ts";

export type TrafficOrder = {
  readonly loss: number;
  /** Seeds of the pairs: from one up to, and without, the other. */
  readonly from: number;
  readonly to: number;
};

const { loss, from, to } = workerData as TrafficOrder;
let sum: PairTraffic = { written: 0, traffic: NO_TRAFFIC };
for (let seed = from; seed < to; seed += 1) {
  const { written, traffic } = await trafficOfPair({ seed, loss });
  sum = { written: sum.written + written, traffic: addTraffic(sum.traffic, traffic) };
}
parentPort?.postMessage(sum);
