/**
 * Area `bandwidth`: what people who chat add to a shard (CHAT-P1), beside the goal. README.md says what is counted.
 * @module
 */

import { layersOfText } from "../bandwidth/layers.ts";
import { type PairTraffic, PURPOSES, type Purpose } from "../bandwidth/pair-traffic.ts";
import { trafficOf } from "../bandwidth/traffic.ts";
import { RLN_PROOF_BYTES, wakuBytes } from "../bandwidth/waku-size.ts";
import type { BenchArea, BenchCase } from "../case.ts";

const PEOPLE = 10_000;
const MESSAGES_PER_SECOND = 4 / 60;
/** docs/protocol.md, "Mailboxes": for so many accounts. */
const MAILBOX_BITS = 9;
const LOSSES = [0, 0.01, 0.05];
const GOAL_MBPS = { plain: 5, rln: 8 };
/** CHAT-P1 allows so many for each written message. */
const BUDGET_BYTES = 1_875;

const WORDS: Readonly<Record<Purpose, string>> = {
  content: "messages",
  frame: "what clients say to each other",
  signal: "what is of use at once or not at all",
  acknowledgement: "confirmations",
  retransmission: "what was not confirmed",
};

/** @param people - who are simulated; the figures are for {@link PEOPLE} whatever their number */
export function bandwidthArea(people: number): BenchArea {
  const known = new Map<number, Promise<PairTraffic>>();
  const traffic = (loss: number) => {
    const found = known.get(loss) ?? trafficOf(Math.ceil(people / 2), loss);
    known.set(loss, found);
    return found;
  };
  return {
    name: "bandwidth",
    title: `${people.toLocaleString("en-US")} people who chat in pairs: every byte of every Waku message`,
    cases: [
      ...LOSSES.flatMap((loss) => [rateCase(loss, "plain", traffic), rateCase(loss, "rln", traffic)]),
      ...PURPOSES.map((purpose) => purposeCase(purpose, () => traffic(0.01))),
      ...layersOfText().map(([layer, bytes]) => layerCase(layer, bytes)),
    ],
  };
}

export const bandwidth = bandwidthArea(PEOPLE);

type TrafficAt = (loss: number) => Promise<PairTraffic>;

function rateCase(loss: number, proofs: "plain" | "rln", traffic: TrafficAt): BenchCase {
  const percent = loss * 100;
  const withProofs = proofs === "rln" ? ", each Waku message with its RLN proof" : "";
  return goalCase({
    name: `10k-loss-${percent}${proofs === "rln" ? "-rln" : ""}`,
    title: `10,000 people, 4 messages of 100 characters a minute each, ${percent} % of messages lost${withProofs}`,
    unit: "Mbit/s",
    goal: GOAL_MBPS[proofs],
    measure: async () => {
      const { written, traffic: counted } = await traffic(loss);
      const bytes = PURPOSES.reduce((sum, purpose) => sum + bytesOf(counted[purpose], proofs), 0);
      return ((bytes / written) * PEOPLE * MESSAGES_PER_SECOND * 8) / 1e6;
    },
  });
}

function purposeCase(purpose: Purpose, traffic: () => Promise<PairTraffic>): BenchCase {
  return goalCase({
    name: `per-message-${purpose}`,
    title: `for each written message, at 1 % loss: Waku messages with ${WORDS[purpose]}`,
    unit: "B",
    goal: BUDGET_BYTES,
    measure: async () => {
      const { written, traffic: counted } = await traffic();
      return bytesOf(counted[purpose], "plain") / written;
    },
  });
}

function layerCase(layer: string, bytes: number): BenchCase {
  return goalCase({
    name: `layer-${layer}`,
    title: `of one message of 100 characters: ${layer}`,
    unit: "B",
    goal: BUDGET_BYTES,
    measure: async () => bytes,
  });
}

/** A figure that is counted, not measured: one round says it. */
function goalCase({
  goal,
  measure,
  ...described
}: Pick<BenchCase, "name" | "title" | "unit"> & {
  readonly goal: number;
  readonly measure: () => Promise<number>;
}): BenchCase {
  return {
    ...described,
    better: "lower",
    peer: "goal",
    rounds: 1,
    limitMs: 3 * 60 * 60 * 1000,
    prepare: async () => ({ ours: measure, theirs: async () => goal, [Symbol.asyncDispose]: async () => {} }),
  };
}

function bytesOf({ count, bytes }: { count: number; bytes: number }, proofs: "plain" | "rln"): number {
  if (count === 0) return 0;
  const each = wakuBytes(bytes / count, MAILBOX_BITS) + (proofs === "rln" ? RLN_PROOF_BYTES : 0);
  return count * each;
}
