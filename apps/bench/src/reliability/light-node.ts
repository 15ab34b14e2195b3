/**
 * A light node of js-waku on the simulated network, for the peer's ReliableChannel. Light push with its repetitions, and
 * the store with its time ranges, are js-waku's own; only what would open a stream to a service node is replaced, and
 * meets the same delays, losses and failures as the connection of our client (`SimulatedDelivery` of `@chat/sdk`).
 * @module
 */
import type { SimulatedNetwork, Simulation } from "@chat/sdk/testing";
import type {
  Callback,
  IDecodedMessage,
  IDecoder,
  IEncoder,
  IMessage,
  IWaku,
  LightPush,
  LightPushCoreResult,
  LightPushSDKResult,
  QueryRequestParams,
} from "@waku/sdk";

/** The peer's library. Imported in virtual time only. */
export type Sdk = typeof import("@waku/sdk");

/** As that of our client. */
const ANSWER_TIMEOUT_MS = 15_000;
const QUERY_PAGE = 100;
/** js-waku's filter drops what it has had in the last minute. */
const FILTER_MEMORY_MS = 60_000;
/** Of its store: longer ranges are refused. */
const LONGEST_QUERY_MS = 24 * 60 * 60 * 1000;

export type LightNodeOptions = {
  /** Service nodes that it uses: it listens at all that are up, and asks the first of those. */
  readonly nodes: readonly number[];
  /**
   * How long a push takes before it encodes. Anything above 0 makes the retrieval hints of a ReliableChannel point at
   * another timestamp than the one that was sent, as they do in reality. @default 0
   */
  readonly encodingMs?: number;
};

export type World = { readonly sdk: Sdk; readonly simulation: Simulation; readonly name: string };

type InboundMessage = ReturnType<SimulatedNetwork["history"]>[number];
type Decode = (message: InboundMessage) => Promise<IDecodedMessage | undefined>;

export class LightNode {
  readonly waku: IWaku;
  /** Messages that its subscription brought, also those of its own and those that came twice. */
  heard = 0;
  readonly #world: World;
  readonly #options: LightNodeOptions;
  readonly #lightPush: LightPush;
  readonly #peerEvents = new EventTarget();
  readonly #events = new EventTarget();
  readonly #hashes = new Map<string, string>();
  readonly #listeners: { readonly listen: () => readonly (() => void)[]; stops: readonly (() => void)[] }[] = [];
  #isCut = true;
  #isOver = false;
  #isConnected = false;

  constructor(world: World, options: LightNodeOptions) {
    this.#world = world;
    this.#options = options;
    const { LightPush, Store } = world.sdk;
    const peerManager = {
      getPeers: () => this.#peers(),
      renewPeer: async () => {},
      events: this.#peerEvents,
    };
    const libp2p = { components: { events: new EventTarget() } };
    // Both ask no more of these two than what is there.
    const given = { peerManager, libp2p } as object as ConstructorParameters<typeof LightPush>[0];
    const push = { send: (encoder: IEncoder, message: IMessage) => this.#push(encoder, message) };
    this.#lightPush = Object.assign(new LightPush(given), { protocol: push });
    const read = {
      maxTimeLimit: LONGEST_QUERY_MS,
      queryPerPage: (query: QueryRequestParams, decoders: ReadonlyMap<string, IDecoder<IDecodedMessage>>) =>
        this.#pages(query, decoders),
    };
    const store = Object.assign(new Store({ peerManager: given.peerManager, libp2p: given.libp2p }), {
      protocol: read,
    });
    const filter = {
      subscribe: async (decoder: IDecoder<IDecodedMessage>, callback: Callback<IDecodedMessage>) =>
        this.#subscribe(decoder, callback),
    };
    // What a ReliableChannel asks of its node.
    const waku = { lightPush: this.#lightPush, store, filter, events: this.#events, peerManager };
    this.waku = waku as object as IWaku;
    this.#lightPush.start();
  }

  /** Cuts the connection, or brings it: it begins without one. */
  cut(isCut: boolean): void {
    this.#isCut = isCut;
    this.look();
  }

  /** Finds its service nodes. Call it when nodes go or come: what js-waku needs seconds for is done at once, as for our client. */
  look(): void {
    for (const listener of this.#listeners) {
      for (const stop of listener.stops) stop();
      listener.stops = listener.listen();
    }
    const isConnected = this.#node() !== undefined;
    if (isConnected === this.#isConnected || this.#isOver) return;
    this.#isConnected = isConnected;
    const { HealthStatus } = this.#world.sdk;
    const health = isConnected ? HealthStatus.SufficientlyHealthy : HealthStatus.Unhealthy;
    this.#events.dispatchEvent(new CustomEvent("waku:health", { detail: health }));
    if (isConnected) this.#peerEvents.dispatchEvent(new CustomEvent("store:connect", { detail: SERVICE_NODE }));
  }

  /** Its process is gone: nothing leaves it, and nothing reaches it. */
  end(): void {
    this.#isOver = true;
    this.#lightPush.stop();
    this.cut(true);
  }

  #peers(): Promise<readonly PeerId[]> {
    if (this.#isOver) return new Promise(() => {});
    return Promise.resolve(this.#node() === undefined ? [] : [SERVICE_NODE]);
  }

  async #push(encoder: IEncoder, message: IMessage): Promise<LightPushCoreResult> {
    const { simulation, name, sdk } = this.#world;
    const { network } = simulation;
    const failed = { success: null, failure: { error: sdk.LightPushError.GENERIC_FAIL } };
    if (this.#options.encodingMs) await this.#wait(this.#options.encodingMs);
    const timestampMs = Math.floor(simulation.nowMs);
    const payload = await encoder.toWire(message);
    const node = this.#node();
    if (payload === undefined || node === undefined) return failed;
    if (!network.chance("publishLoss")) {
      await this.#wait(network.delayMs());
      if (this.#node() === node) {
        network.accept(node, name, { topic: encoder.contentTopic, payload, timestampMs });
        if (!network.chance("answerLoss")) {
          await this.#wait(network.delayMs());
          return { success: SERVICE_NODE, failure: null };
        }
      }
    }
    await this.#wait(ANSWER_TIMEOUT_MS);
    return failed;
  }

  #subscribe(decoder: IDecoder<IDecodedMessage>, callback: Callback<IDecodedMessage>): boolean {
    const { simulation } = this.#world;
    const known = new Map<string, number>();
    const decode = decoderOf(decoder);
    const onMessage = async (message: InboundMessage) => {
      if (this.#isOver) return;
      this.heard += 1;
      for (const [hash, atMs] of known) {
        if (simulation.nowMs - atMs <= FILTER_MEMORY_MS) break;
        known.delete(hash);
      }
      if (known.has(message.hash)) return;
      known.set(message.hash, simulation.nowMs);
      const decoded = await decode(message);
      if (decoded !== undefined) await callback(decoded);
    };
    const listener = {
      topics: [decoder.contentTopic],
      onMessage: (message: InboundMessage) => void onMessage(message),
    };
    const listen = () => this.#up().map((node) => simulation.network.listen(node, listener));
    this.#listeners.push({ listen, stops: listen() });
    return true;
  }

  async *#pages(
    query: QueryRequestParams,
    decoders: ReadonlyMap<string, IDecoder<IDecodedMessage>>,
  ): AsyncGenerator<Promise<IDecodedMessage | undefined>[]> {
    const { network } = this.#world.simulation;
    const node = this.#node();
    if (node === undefined) throw new Error("store: want a service node, got none");
    for (const [topic, decoder] of decoders) {
      const decode = decoderOf(decoder);
      const found = await this.#find(query, network.history(node, [topic], rangeOf(query)), decode);
      for (let start = 0; start === 0 || start < found.length; start += QUERY_PAGE) {
        await this.#wait(2 * network.delayMs());
        if (this.#node() !== node || network.chance("queryFailure")) {
          await this.#wait(ANSWER_TIMEOUT_MS);
          throw new Error("store: want an answer, got none");
        }
        const page = found.slice(start, start + QUERY_PAGE);
        if (page.length > 0) yield page.map(decode);
      }
    }
  }

  /** By hash, if it asks so. Hashes are those of js-waku, over what its encoder made. */
  async #find(
    { messageHashes }: QueryRequestParams,
    history: readonly InboundMessage[],
    decode: Decode,
  ): Promise<readonly InboundMessage[]> {
    if (messageHashes === undefined || messageHashes.length === 0) return history;
    const wanted = new Set(messageHashes.map((hash) => Buffer.from(hash).toString("hex")));
    for (const message of history) {
      if (!this.#hashes.has(message.hash)) this.#hashes.set(message.hash, (await decode(message))?.hashStr ?? "");
    }
    return history.filter(({ hash }) => wanted.has(this.#hashes.get(hash)?.replace(/^0x/, "") ?? ""));
  }

  #up(): readonly number[] {
    if (this.#isCut || this.#isOver) return [];
    return this.#options.nodes.filter((node) => this.#world.simulation.network.isUp(node));
  }

  #node(): number | undefined {
    return this.#up()[0];
  }

  /** Never ends for a process that is gone. */
  #wait(durationMs: number): Promise<void> {
    return new Promise((resolve) =>
      this.#world.simulation.after(durationMs, () => {
        if (!this.#isOver) resolve();
      }),
    );
  }
}

const SERVICE_NODE = { toString: () => "service-node" } as PeerId;

type PeerId = LightPushSDKResult["successes"][number];

function decoderOf(decoder: IDecoder<IDecodedMessage>): Decode {
  return async ({ payload }) => {
    const proto = await decoder.fromWireToProtoObj(payload);
    return proto && (await decoder.fromProtoObj(decoder.pubsubTopic, proto));
  };
}

/** The end is not included. */
function rangeOf({ timeStart, timeEnd }: QueryRequestParams): { fromMs: number; toMs: number } {
  return {
    fromMs: timeStart?.getTime() ?? Number.NEGATIVE_INFINITY,
    toMs: timeEnd === undefined ? Number.POSITIVE_INFINITY : timeEnd.getTime() - 1,
  };
}
