/**
 * Area `bandwidth`: what people who chat add to a shard (CHAT-P1), beside the goal, and beside js-waku's ReliableChannel.
 * README.md says what is counted.
 * @module
 */

import type { ChannelTraffic } from "../bandwidth/channel-traffic.ts";
import { layersOfText } from "../bandwidth/layers.ts";
import { type PairTraffic, PURPOSES, type Purpose } from "../bandwidth/pair-traffic.ts";
import { channelTrafficOf, trafficOf } from "../bandwidth/traffic.ts";
import { loadOf, RLN_PROOF_BYTES, wakuBytes } from "../bandwidth/waku-size.ts";
import type { BenchArea, BenchCase, Plot } from "../case.ts";
import { goalCase } from "../goal-case.ts";

const PEOPLE = 10_000;
/** docs/protocol.md, "Mailboxes": for so many accounts. */
const MAILBOX_BITS = 9;
const LOSSES = [0, 0.01, 0.05];
const CHANNEL = "@waku/sdk ReliableChannel";
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

/**
 * What the encoders of js-waku can do with a message: nothing (`payload`: without the Waku message, too), or encryption.
 * Ours is always encrypted.
 */
const CHANNEL_FORMS = {
  payload: { suffix: "-payload", what: "payloads alone, without the fields of the Waku message" },
  plain: { suffix: "", what: "the peer in the clear" },
  encrypted: { suffix: "-encrypted", what: "the peer with its symmetric encryption" },
} as const;
type ChannelForm = keyof typeof CHANNEL_FORMS;

const CHANNEL_NOTE =
  "the peer has no handshake; its causal history is cut to 10 entries (default 200); its figures are of 50 pairs";

/** What the peer is asked: figures of a message hardly differ between pairs. */
const CHANNEL_PAIRS = 50;

/**
 * @param people - who are simulated; the figures are for {@link PEOPLE} whatever their number
 * @param channelPairs - pairs of the peer that are simulated
 */
export function bandwidthArea(people: number, channelPairs = CHANNEL_PAIRS): BenchArea {
  const traffic = remembered((loss) => trafficOf(Math.ceil(people / 2), loss));
  const channels = remembered((loss) => channelTrafficOf(channelPairs, loss));
  return {
    name: "bandwidth",
    title: `${people.toLocaleString("en-US")} people who chat in pairs: every byte of every Waku message`,
    cases: [
      ...LOSSES.flatMap((loss) => [rateCase(loss, "plain", traffic), rateCase(loss, "rln", traffic)]),
      ...PURPOSES.map((purpose) => purposeCase(purpose, () => traffic(0.01))),
      ...layersOfText().map(([layer, bytes]) => layerCase(layer, bytes)),
      ...LOSSES.flatMap((loss) => [
        channelRateCase(loss, "plain", traffic, channels),
        channelRateCase(loss, "encrypted", traffic, channels),
      ]),
      ...(["payload", "plain", "encrypted"] as const).map((form) => channelMessageCase(form, traffic, channels)),
    ],
    plots: async () => [await lossPlot(traffic, channels)],
  };
}

export const bandwidth = bandwidthArea(PEOPLE);

type TrafficAt = (loss: number) => Promise<PairTraffic>;
type ChannelsAt = (loss: number) => Promise<ChannelTraffic>;

function remembered<Figures>(count: (loss: number) => Promise<Figures>): (loss: number) => Promise<Figures> {
  const known = new Map<number, Promise<Figures>>();
  return (loss) => {
    const found = known.get(loss) ?? count(loss);
    known.set(loss, found);
    return found;
  };
}

function rateCase(loss: number, proofs: "plain" | "rln", traffic: TrafficAt): BenchCase {
  const percent = loss * 100;
  const withProofs = proofs === "rln" ? ", each Waku message with its RLN proof" : "";
  return goalCase({
    name: `10k-loss-${percent}${proofs === "rln" ? "-rln" : ""}`,
    title: `10,000 people, 4 messages of 100 characters a minute each, ${percent} % of messages lost${withProofs}`,
    unit: "Mbit/s",
    goal: GOAL_MBPS[proofs],
    measure: async () => loadOf(bytesForEach(await traffic(loss), proofs)),
  });
}

function channelRateCase(loss: number, form: ChannelForm, traffic: TrafficAt, channels: ChannelsAt): BenchCase {
  const { suffix, what } = CHANNEL_FORMS[form];
  const percent = loss * 100;
  return goalCase({
    name: `10k-loss-${percent}-reliable-channel${suffix}`,
    title: `10,000 people, 4 messages of 100 characters a minute each, ${percent} % of messages lost; ${what}`,
    unit: "Mbit/s",
    peer: CHANNEL,
    note: CHANNEL_NOTE,
    measure: async () => loadOf(bytesForEach(await traffic(loss), "plain")),
    goal: async () => loadOf(channelBytesForEach(await channels(loss), form)),
  });
}

function channelMessageCase(form: ChannelForm, traffic: TrafficAt, channels: ChannelsAt): BenchCase {
  const { suffix, what } = CHANNEL_FORMS[form];
  return goalCase({
    name: `per-message-reliable-channel${suffix}`,
    title: `for each written message, at 1 % loss: all bytes; ${what}`,
    unit: "B",
    peer: CHANNEL,
    note: CHANNEL_NOTE,
    measure: async () => bytesForEach(await traffic(0.01), form === "payload" ? "payload" : "plain"),
    goal: async () => channelBytesForEach(await channels(0.01), form),
  });
}

async function lossPlot(traffic: TrafficAt, channels: ChannelsAt): Promise<Plot> {
  const line = async (name: string, perMessage: (loss: number) => Promise<number>) => {
    const points = LOSSES.map(async (loss) => [loss * 100, loadOf(await perMessage(loss))] as const);
    return { name, points: await Promise.all(points) };
  };
  return {
    name: "megabits-by-loss",
    title: "10,000 people, 4 messages of 100 characters a minute each",
    x: { label: "messages lost, %" },
    y: { label: "Mbit/s", scale: "log" },
    lines: [
      await line("@chat/sdk", async (loss) => bytesForEach(await traffic(loss), "plain")),
      await line("@chat/sdk, with RLN proofs", async (loss) => bytesForEach(await traffic(loss), "rln")),
      await line(CHANNEL, async (loss) => channelBytesForEach(await channels(loss), "plain")),
    ],
  };
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

type Form = "payload" | "plain" | "rln";

function bytesForEach({ written, traffic }: PairTraffic, form: Form): number {
  return PURPOSES.reduce((sum, purpose) => sum + bytesOf(traffic[purpose], form), 0) / written;
}

function channelBytesForEach(traffic: ChannelTraffic, form: ChannelForm): number {
  const { written, payloadBytes: payload, wakuBytes: plain, encryptedBytes: encrypted } = traffic;
  return { payload, plain, encrypted }[form] / written;
}

function bytesOf({ count, bytes }: { count: number; bytes: number }, form: Form): number {
  if (count === 0) return 0;
  if (form === "payload") return bytes;
  const each = wakuBytes(bytes / count, MAILBOX_BITS) + (form === "rln" ? RLN_PROOF_BYTES : 0);
  return count * each;
}
