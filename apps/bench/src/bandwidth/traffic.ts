/**
 * The traffic of many people who chat in pairs. Pairs do not share anything that costs bytes, so each is simulated by
 * itself, on all cores.
 * @module
 */
import { extname } from "node:path";
import type { ChannelOrder } from "../reliability/channel-thread.ts";
import { askThreads } from "../threads.ts";
import type { ChannelTraffic } from "./channel-traffic.ts";
import { addTraffic, NO_TRAFFIC, type PairTraffic } from "./pair-traffic.ts";
import type { TrafficOrder } from "./traffic-thread.ts";

// Beside this file, in the sources as in the build.
const EXTENSION = extname(import.meta.filename);
const THREAD = new URL(`./traffic-thread${EXTENSION}`, import.meta.url);
const CHANNEL_THREAD = new URL(`../reliability/channel-thread${EXTENSION}`, import.meta.url);
const PAIRS_AT_ONCE = 50;
const CHANNEL_PAIRS_AT_ONCE = 5;

/** @returns the sum over all pairs */
export async function trafficOf(pairs: number, loss: number): Promise<PairTraffic> {
  const orders = seedsOf(pairs, PAIRS_AT_ONCE).map((seeds): TrafficOrder => ({ loss, ...seeds }));
  const answers = await askThreads<TrafficOrder, PairTraffic>(THREAD, orders);
  return answers.reduce(
    (sum, { written, traffic }) => ({ written: sum.written + written, traffic: addTraffic(sum.traffic, traffic) }),
    { written: 0, traffic: NO_TRAFFIC },
  );
}

/** The same people with js-waku's ReliableChannel. */
export async function channelTrafficOf(pairs: number, loss: number): Promise<ChannelTraffic> {
  const orders = seedsOf(pairs, CHANNEL_PAIRS_AT_ONCE).map(
    (seeds): ChannelOrder => ({ kind: "traffic", loss, ...seeds }),
  );
  const answers = await askThreads<ChannelOrder, ChannelTraffic>(CHANNEL_THREAD, orders);
  const sum = (field: keyof ChannelTraffic) => answers.reduce((total, answer) => total + answer[field], 0);
  return {
    written: sum("written"),
    publications: sum("publications"),
    payloadBytes: sum("payloadBytes"),
    wakuBytes: sum("wakuBytes"),
    encryptedBytes: sum("encryptedBytes"),
  };
}

/** Seeds from 1 to `pairs`, in parts: from one up to, and without, the other. */
function seedsOf(pairs: number, size: number): readonly { readonly from: number; readonly to: number }[] {
  return Array.from({ length: Math.ceil(pairs / size) }, (_, part) => ({
    from: 1 + part * size,
    to: Math.min(pairs, (part + 1) * size) + 1,
  }));
}
