/**
 * One person whose application is built on js-waku's ReliableChannel. The channel keeps nothing on disk: a process that
 * starts again has a new one.
 * @module
 */
import { mailboxTopic } from "@chat/codec";
import type { Simulation } from "@chat/sdk/testing";
import type { IDecodedMessage, ReliableChannel, ReliableChannelOptions } from "@waku/sdk";
import { LightNode, type LightNodeOptions, type Sdk } from "./light-node.ts";

/** One of our mailboxes: the names of topics are of equal length on both sides. */
const CONTENT_TOPIC = mailboxTopic(new Uint8Array(32), 9);
export const CHANNEL_TOPIC = {
  contentTopic: CONTENT_TOPIC,
  routingInfo: { clusterId: 1, shardId: 0, pubsubTopic: "/waku/2/rs/1/0" },
};
const CHANNEL_ID = "raya and saro";

// Not the library's own `utf8ToBytes`: a message would keep alive the slab that its bytes are cut from.
const encoder = new TextEncoder();

export type ChannelPersonOptions = LightNodeOptions & {
  readonly channel?: ReliableChannelOptions;
};

export class ChannelPerson {
  readonly name: string;
  /** Bodies, as the application is told of them; it leaves out what it wrote itself, and nothing else. */
  readonly shown: string[] = [];
  /** Bodies of messages that were acknowledged. */
  readonly acknowledged = new Set<string>();
  readonly #sdk: Sdk;
  readonly #simulation: Simulation;
  readonly #options: ChannelPersonOptions;
  /** Body by id; the application keeps it. */
  readonly #written = new Map<string, string>();
  #heard = 0;
  #life: { readonly node: LightNode; readonly channel: ReliableChannel<IDecodedMessage> } | undefined;
  #isOffline = false;

  constructor(sdk: Sdk, simulation: Simulation, name: string, options: ChannelPersonOptions) {
    this.#sdk = sdk;
    this.#simulation = simulation;
    this.name = name;
    this.#options = options;
  }

  /** Messages that its subscriptions brought. */
  get heard(): number {
    return this.#heard + (this.#life?.node.heard ?? 0);
  }

  async start(): Promise<void> {
    const { ReliableChannel, createDecoder, createEncoder } = this.#sdk;
    const node = new LightNode({ sdk: this.#sdk, simulation: this.#simulation, name: this.name }, this.#options);
    const channel = await ReliableChannel.create(
      node.waku,
      CHANNEL_ID,
      this.name,
      createEncoder(CHANNEL_TOPIC),
      createDecoder(CHANNEL_TOPIC.contentTopic, CHANNEL_TOPIC.routingInfo),
      this.#options.channel,
    );
    const life = { node, channel };
    this.#life = life;
    channel.addEventListener("message-received", ({ detail }) => {
      const body = this.#sdk.bytesToUtf8(detail.payload);
      if (this.#life === life && !body.startsWith(`${this.name} `)) this.shown.push(body);
    });
    channel.addEventListener("message-acknowledged", ({ detail }) => {
      const body = this.#written.get(detail);
      if (this.#life === life && body !== undefined) this.acknowledged.add(body);
    });
    node.cut(this.#isOffline);
  }

  /** @param body - begins with the name of its author */
  send(body: string): void {
    if (this.#life === undefined) throw new Error(`${this.name}: want a process that runs, got none`);
    this.#written.set(this.#life.channel.send(encoder.encode(body)), body);
  }

  /**
   * Ends the process: nothing of it is heard of any more. Timers of its channel may still run and do nothing; to stop the
   * channel would be what a crash does not do.
   */
  crash(): void {
    this.#heard = this.heard;
    this.#life?.node.end();
    this.#life = undefined;
  }

  setOffline(isOffline: boolean): void {
    this.#isOffline = isOffline;
    this.#life?.node.cut(isOffline);
  }
}
