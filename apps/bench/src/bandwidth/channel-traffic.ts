/**
 * What two people who chat put on the network with js-waku's ReliableChannel, at the pace of `pair-traffic.ts`.
 * @module
 */
import { Simulation } from "@chat/sdk/testing";
import { createEncoder } from "@waku/message-encryption/symmetric";
import { BEST, type ChannelWorld } from "../reliability/channel-chat.ts";
import { CHANNEL_TOPIC, ChannelPerson } from "../reliability/channel-person.ts";
import { AFTERWARDS_MS, DELAY_MS, MESSAGES_PER_MINUTE, type PairPlan, WRITING_MS } from "./pair-traffic.ts";

export type ChannelTraffic = {
  readonly written: number;
  readonly publications: number;
  /** What the channel gives to its encoder. */
  readonly payloadBytes: number;
  /** The same in Waku messages, in the clear. */
  readonly wakuBytes: number;
  /** The same in Waku messages, encrypted with a symmetric key (26/WAKU2-PAYLOAD), without a signature. */
  readonly encryptedBytes: number;
};

const CHARACTERS = 100;

export async function trafficOfChannels(
  { sdk, time }: ChannelWorld,
  { seed, loss }: PairPlan,
): Promise<ChannelTraffic> {
  /** By size: how many, and one of them. */
  const sizes = new Map<number, { readonly sample: Uint8Array; count: number }>();
  let written = 0;
  await using simulation = new Simulation({ seed, delayMs: DELAY_MS });
  time.drive(simulation, seed);
  simulation.network.observe(({ payload }) => {
    const found = sizes.get(payload.length) ?? { sample: payload, count: 0 };
    found.count += 1;
    sizes.set(payload.length, found);
  });
  const people = ["raya", "saro"].map(
    (name) => new ChannelPerson(sdk, simulation, name, { nodes: [0], channel: BEST }),
  );
  for (const person of people) await simulation.run(() => person.start());
  simulation.setConditions({ loss, publishLoss: loss });
  const each = (WRITING_MS / 60_000) * MESSAGES_PER_MINUTE;
  for (let index = 0; index < each; index += 1) {
    for (const writer of people) {
      simulation.after(simulation.random.fraction() * WRITING_MS, () => {
        // Equal texts would be one message for the channel.
        writer.send(`${writer.name} ${index} `.padEnd(CHARACTERS, "x"));
        written += 1;
      });
    }
  }
  await simulation.pass(WRITING_MS + AFTERWARDS_MS);
  for (const person of people) person.crash();
  return { written, ...(await bytesOf(sdk, [...sizes.values()])) };
}

async function bytesOf(
  sdk: ChannelWorld["sdk"],
  sizes: readonly { readonly sample: Uint8Array; readonly count: number }[],
) {
  const decoder = sdk.createDecoder(CHANNEL_TOPIC.contentTopic, CHANNEL_TOPIC.routingInfo);
  const encoder = createEncoder({ ...CHANNEL_TOPIC, symKey: new Uint8Array(32).fill(1) });
  let [publications, payloadBytes, wakuBytes, encryptedBytes] = [0, 0, 0, 0];
  for (const { sample, count } of sizes) {
    const payload = (await decoder.fromWireToProtoObj(sample))?.payload ?? new Uint8Array();
    const encrypted = await encoder.toWire({ payload });
    publications += count;
    payloadBytes += count * payload.length;
    wakuBytes += count * sample.length;
    encryptedBytes += count * (encrypted?.length ?? Number.NaN);
  }
  return { publications, payloadBytes, wakuBytes, encryptedBytes };
}
