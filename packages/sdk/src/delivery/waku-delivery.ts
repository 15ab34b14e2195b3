/**
 * The network by Waku: an unmodified @waku/sdk light node that publishes by light push, listens by filter and looks
 * back by store. What the light node does not do reliably is done here: it dials and redials its service nodes itself,
 * pins every timestamp, and never lets the transport retry on its own (`docs/waku.md` names each trap).
 * @module
 */
import { multiaddr } from "@multiformats/multiaddr";
import type { IDecodedMessage, IDecoder, LightNode, LightPushError } from "@waku/sdk";
import type { Clock } from "../clock.ts";
import { ChatError } from "../errors.ts";
import type {
  DeliveryService,
  HealthStatus,
  InboundMessage,
  OutboundMessage,
  PublishReceipt,
  Subscription,
  TimeRange,
} from "./delivery-service.ts";
import type { PeerDiscovery } from "./discovery.ts";
import { type RateLimitProof, type RlnProver, rlnSignal } from "./rln-prover.ts";

export interface WakuDeliveryOptions {
  /** Multiaddrs of service nodes; with a peer id at the end, only that node is accepted there. */
  readonly peers: readonly string[];
  /** Finds more of them. */
  readonly discovery?: PeerDiscovery;
  readonly clusterId: number;
  readonly shards: number;
  readonly connectTimeoutMs: number;
  readonly whenUnreachable: "fail" | "queue";
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** On a network that wants RLN proofs; every message then needs a slot. */
  readonly rln?: RlnProver;
}

const FIRST_REDIAL_MS = 250;
const LAST_REDIAL_MS = 10_000;
const ANSWER_TIMEOUT_MS = 15_000;
/** Of those that are found; those that are given are all used. */
const MAX_PEERS = 4;
const QUERY_PAGE_SIZE = 100;
/** The light node silently drops what lies beyond a day. */
const MAX_QUERY_RANGE_MS = 24 * 60 * 60 * 1000;

/** Refusals that the same bytes will meet again, whenever and wherever they are pushed. */
const PERMANENT_REFUSALS: readonly `${LightPushError}`[] = [
  "Failed to encode",
  "Payload is empty",
  "Size is too big",
  "Bad request format",
  "Message payload exceeds maximum size",
  "Message validation failed",
];

/** The message never reached a service node, or its answer never came back: no judgement on the message. */
const TRANSPORT_FAILURES: readonly `${LightPushError}`[] = [
  "Generic error",
  "Failed to decode",
  "No peer available",
  "No stream available",
  "No response received",
  "Stream aborted",
];

export class WakuDelivery implements DeliveryService {
  readonly #node: LightNode;
  readonly #clock: Clock;
  readonly #rln: RlnProver | undefined;
  readonly #observers = new Set<(health: HealthStatus) => void>();
  /** Service nodes whose protocols are known: only these can be used. */
  readonly #identified = new Set<string>();
  readonly #peers: ServiceNode[];
  readonly #closing = new AbortController();
  #disconnects = 0;
  #isClosed = false;

  private constructor(node: LightNode, { peers, clock, rln }: WakuDeliveryOptions) {
    this.#node = node;
    this.#clock = clock;
    this.#rln = rln;
    this.#peers = peers.map((address) => ({ address, attempts: 0 }));
    node.libp2p.addEventListener("peer:identify", ({ detail }) => {
      // Anybody can listen on an address; only a node that serves Waku is of use.
      if (detail.protocols.some((protocol) => protocol.startsWith("/vac/waku/")))
        this.#onIdentify(String(detail.peerId));
    });
    node.libp2p.addEventListener("peer:disconnect", ({ detail }) => this.#onDisconnect(String(detail)));
  }

  /** @throws {@link ChatError} `PEER_UNREACHABLE`; the signal's reason */
  static async connect(options: WakuDeliveryOptions): Promise<WakuDelivery> {
    const { clusterId, shards, whenUnreachable, discovery } = options;
    // Loaded only here: importing the SDK costs nothing for who brings a network of their own.
    const { createLightNode } = await import("@waku/sdk");
    options.signal?.throwIfAborted();
    const node = await createLightNode({
      defaultBootstrap: false,
      discovery: { dns: false, peerExchange: false, peerCache: false },
      networkConfig: { clusterId, numShardsInCluster: shards },
      // Our own redialling is faster and does not depend on addresses that expire from the peer store.
      connectionManager: { enableAutoRecovery: false, failedDialCooldown: 1, dialCooldown: 1 },
      libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true },
    });
    const delivery = new WakuDelivery(node, options);
    try {
      const dials = delivery.#peers.map((peer) => delivery.#dial(peer));
      if (discovery !== undefined) dials.push(delivery.#discover(discovery));
      const firstRound = Promise.all(dials);
      if (whenUnreachable === "fail") await delivery.#waitForFirstPeer(firstRound, options);
      return delivery;
    } catch (error) {
      await delivery.close();
      throw error;
    }
  }

  get health(): HealthStatus {
    return this.#identified.size > 0 ? "connected" : "disconnected";
  }

  onHealthChange(observe: (health: HealthStatus) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  async publish(message: OutboundMessage, { signal }: { signal?: AbortSignal } = {}): Promise<PublishReceipt> {
    const { topic, payload, timestampMs } = message;
    const encoder = this.#node.createEncoder({ contentTopic: topic });
    const timestamp = new Date(timestampMs);
    const proof = await this.#prove(message, signal);
    const push = this.#node.lightPush.send(encoder, { payload, timestamp, ...proof }, { autoRetry: false });
    const { successes, failures } = await this.#within(ANSWER_TIMEOUT_MS, push, signal);
    if (successes.length === 0) throw this.#failure(failures.map(({ error }) => error));
    const { waku } = await import("@waku/sdk");
    const sent = await encoder.toProtoObj({ payload, timestamp });
    if (sent === undefined) throw new ChatError("DELIVERY_REFUSED", "the message cannot be encoded for Waku");
    return { messageHash: waku.messageHashStr(encoder.pubsubTopic, sent) };
  }

  /** Made anew for each try: the group may have changed, and the same bytes in the same slot reveal nothing. */
  async #prove(
    message: OutboundMessage,
    signal: AbortSignal | undefined,
  ): Promise<{ rateLimitProof?: RateLimitProof }> {
    if (this.#rln === undefined) return {};
    if (message.slot === undefined) {
      throw new ChatError("DELIVERY_REFUSED", "slot: want the epoch and index to prove for, got none");
    }
    signal?.throwIfAborted();
    try {
      return { rateLimitProof: await this.#rln.prove(rlnSignal(message), message.slot, signal && { signal }) };
    } catch (cause) {
      signal?.throwIfAborted();
      // No judgement on the connection: other messages, and everything that arrives, go on.
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ChatError("DELIVERY_REFUSED", `RLN: no proof could be made: ${reason}`, { retryable: true, cause });
    }
  }

  async subscribe(topics: readonly string[], onMessage: (message: InboundMessage) => void): Promise<Subscription> {
    const decoders = topics.map((contentTopic) => this.#node.createDecoder({ contentTopic }));
    // A false answer means that no service node is there yet; the filter subscribes by itself when one is identified.
    await this.#node.filter.subscribe(decoders, (message) => onMessage(toInbound(message)));
    return {
      close: async () => {
        if (!this.#isClosed) await this.#node.filter.unsubscribe(decoders);
      },
    };
  }

  async *query(
    topics: readonly string[],
    { fromMs, toMs }: TimeRange,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<InboundMessage, void, undefined> {
    const decoders = topics.map((contentTopic) => this.#node.createDecoder({ contentTopic }));
    for (let startMs = fromMs; startMs <= toMs; startMs += MAX_QUERY_RANGE_MS) {
      const endMs = Math.min(toMs, startMs + MAX_QUERY_RANGE_MS - 1);
      yield* this.#queryRange(decoders, startMs, endMs, signal);
    }
  }

  async *#queryRange(decoders: IDecoder<IDecodedMessage>[], fromMs: number, toMs: number, signal?: AbortSignal) {
    const disconnects = this.#disconnects;
    const pages = this.#node.store.queryGenerator(decoders, {
      timeStart: new Date(fromMs),
      timeEnd: new Date(toMs + 1), // exclusive for some service nodes
      paginationForward: true,
      paginationLimit: QUERY_PAGE_SIZE,
    });
    for (;;) {
      const page = await this.#within(ANSWER_TIMEOUT_MS, pages.next(), signal).catch((cause: unknown) => {
        signal?.throwIfAborted();
        // The light node has no code for a connection that breaks under a query.
        throw cause instanceof ChatError ? cause : unreachable(this.#peers, cause);
      });
      if (page.done) break;
      for (const decoding of page.value) {
        const message = await decoding;
        if (message !== undefined) yield toInbound(message);
      }
    }
    // The light node ends a query as if it were complete when the connection breaks in the middle.
    if (this.#disconnects !== disconnects || this.health !== "connected") throw unreachable(this.#peers, undefined);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort();
    for (const peer of this.#peers) peer.cancelRedial?.();
    this.#node.filter.unsubscribeAll(); // `stop` leaves the timers of subscriptions running
    await this.#node.stop();
    this.#identified.clear();
  }

  /** Resolves with the first identified service node, rejects as soon as it is clear that there will be none. */
  async #waitForFirstPeer(
    firstRound: Promise<unknown[]>,
    { connectTimeoutMs, signal }: WakuDeliveryOptions,
  ): Promise<void> {
    const failures = firstRound.then(async (errors) => {
      if (errors.some((error) => error === undefined)) await new Promise(() => {}); // connected: identify is under way
      throw unreachable(this.#peers, errors[0]);
    });
    const identified = new Promise<void>((resolve) => {
      if (this.health === "connected") resolve();
      else this.onHealthChange(() => resolve());
    });
    await this.#within(connectTimeoutMs, Promise.race([identified, failures]), signal);
  }

  /** Resolves with undefined when a node was found and dialled, or with the reason why there is none. */
  async #discover(discovery: PeerDiscovery): Promise<unknown> {
    const dials: Promise<unknown>[] = [];
    try {
      for await (const address of discovery.find(this.#closing.signal)) {
        if (this.#isClosed || this.#peers.length >= MAX_PEERS) break;
        if (this.#peers.some((peer) => peer.address === address)) continue;
        const peer: ServiceNode = { address, attempts: 0 };
        this.#peers.push(peer);
        dials.push(this.#dial(peer));
      }
    } catch (error) {
      if (dials.length === 0) return error;
    }
    const failures = await Promise.all(dials);
    return failures.every((failure) => failure !== undefined)
      ? (failures[0] ?? new Error("none was found"))
      : undefined;
  }

  /** Resolves with undefined, or with the reason why it failed; then it tries again until it is closed. */
  async #dial(peer: ServiceNode): Promise<unknown> {
    delete peer.cancelRedial;
    if (this.#isClosed) return undefined;
    try {
      const connection = await this.#node.libp2p.dial(multiaddr(peer.address));
      peer.id = String(connection.remotePeer);
      peer.attempts = 0;
      return undefined;
    } catch (error) {
      this.#redialLater(peer);
      return error;
    }
  }

  #redialLater(peer: ServiceNode): void {
    if (this.#isClosed || peer.cancelRedial !== undefined) return;
    const delayMs = Math.min(LAST_REDIAL_MS, FIRST_REDIAL_MS * 2 ** peer.attempts);
    peer.attempts += 1;
    peer.cancelRedial = this.#clock.after(delayMs, () => void this.#dial(peer));
  }

  #onIdentify(peerId: string): void {
    const before = this.health;
    this.#identified.add(peerId);
    this.#tell(before);
  }

  #onDisconnect(peerId: string): void {
    const before = this.health;
    this.#identified.delete(peerId);
    this.#disconnects += 1;
    for (const peer of this.#peers) if (peer.id === peerId) this.#redialLater(peer);
    this.#tell(before);
  }

  #tell(before: HealthStatus): void {
    if (this.health === before || this.#isClosed) return;
    for (const observe of this.#observers) observe(this.health);
  }

  /** A refusal by any service node says more than a broken connection to another. */
  #failure(errors: readonly LightPushError[]): ChatError {
    const refused = errors.find((error) => !TRANSPORT_FAILURES.some((failure) => failure === error));
    return refused === undefined ? unreachable(this.#peers, errors[0]) : refusal(refused);
  }

  /** libp2p has no deadline of its own for a peer that stays silent. */
  async #within<Result>(limitMs: number, work: Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    const interrupted = Promise.withResolvers<never>();
    const cancel = this.#clock.after(limitMs, () => interrupted.reject(unreachable(this.#peers, undefined)));
    const onAbort = () => interrupted.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      return await Promise.race([work, interrupted.promise]);
    } finally {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      work.catch(() => {}); // it may still fail when nobody waits any more
    }
  }
}

type ServiceNode = { readonly address: string; id?: string; attempts: number; cancelRedial?: () => void };

function unreachable(peers: readonly ServiceNode[], cause: unknown): ChatError {
  const where = peers.map(({ address }) => address).join(", ");
  return new ChatError(
    "PEER_UNREACHABLE",
    `no service node answers at ${where}; check that it runs (npm run devnet) and that the address is right`,
    { retryable: true, cause },
  );
}

function refusal(error: LightPushError): ChatError {
  const retryable = !PERMANENT_REFUSALS.some((permanent) => permanent === error);
  const later = "it will be tried again; if that never helps, check network.clusterId and network.shards";
  const remedy = retryable ? later : "the same message will never be taken";
  return new ChatError("DELIVERY_REFUSED", `the service node did not take the message: ${error}; ${remedy}`, {
    retryable,
  });
}

function toInbound(message: IDecodedMessage): InboundMessage {
  const { contentTopic, payload, timestamp, hashStr } = message;
  return { topic: contentTopic, payload, timestampMs: timestamp?.getTime() ?? 0, hash: hashStr };
}
