/**
 * The network by Waku: publishes by light push, listens by filter and looks back by store, over as many service nodes as
 * are known. `docs/waku.md` says what each of them may do wrong, and what is done about it.
 * @module
 */
import type { Clock } from "../clock.ts";
import { ChatError } from "../errors.ts";
import type {
  DeliveryService,
  HealthStatus,
  InboundMessage,
  OutboundMessage,
  PublishReceipt,
  ServiceNodeStatus,
  Subscription,
  TimeRange,
} from "./delivery-service.ts";
import type { PeerDiscovery } from "./discovery.ts";
import { type RateLimitProof, type RlnProver, rlnSignal } from "./rln-prover.ts";
import { Finder } from "./waku/finder.ts";
import { History } from "./waku/history.ts";
import { openHost } from "./waku/libp2p-host.ts";
import { Limits } from "./waku/limits.ts";
import { LiveHashes } from "./waku/live-hashes.ts";
import type { NodeHost, OnPushed, OpenHost } from "./waku/node-link.ts";
import { Publisher } from "./waku/publisher.ts";
import { ServiceNodes } from "./waku/service-nodes.ts";
import { Subscriptions } from "./waku/subscriptions.ts";
import { WakeWatch } from "./waku/wake-watch.ts";

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
  /** 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

const DOUBT_EVERY_MS = 60_000;
/** What arrives is confirmed by then, if the peer is there. */
const CONFIRMED_WITHIN_MS = 10_000;

export class WakuDelivery implements DeliveryService {
  readonly #host: NodeHost;
  readonly #rln: RlnProver | undefined;
  readonly #limits: Limits;
  readonly #nodes: ServiceNodes;
  readonly #subscriptions: Subscriptions;
  readonly #publisher: Publisher;
  readonly #history: History;
  readonly #live: LiveHashes;
  readonly #wakeWatch: WakeWatch;
  readonly #observers = new Set<(health: HealthStatus) => void>();
  readonly #gapObservers = new Set<() => void>();
  #finder: Finder | undefined;
  readonly #clock: Clock;
  #doubtedMs = 0;
  #cancelLook: () => void = () => {};
  #told: HealthStatus = "disconnected";
  /** Since nobody was there, history was read from one node at most, and not compared. */
  #hasReadOne = true;
  #closed: Promise<void> | undefined;

  private constructor(host: NodeHost, { clock, rln, random = Math.random }: WakuDeliveryOptions) {
    this.#host = host;
    this.#rln = rln;
    this.#clock = clock;
    this.#limits = new Limits(clock);
    const limits = this.#limits;
    this.#nodes = new ServiceNodes({
      host,
      clock,
      limits,
      random,
      onConnect: (node, link) => this.#subscriptions.onConnect(node, link),
      onChange: () => {
        this.#subscriptions.onChange();
        this.#tell();
        this.#subscriptions.tellGap();
        this.#readSecond();
      },
    });
    const nodes = this.#nodes;
    this.#subscriptions = new Subscriptions({
      clock,
      limits,
      nodes,
      onChange: () => this.#tell(),
      onGap: () => this.#tellGap(),
    });
    const subscribedNode = () => this.#subscriptions.node;
    this.#publisher = new Publisher({ clock, limits, nodes, subscribedNode });
    this.#history = new History({ limits, nodes, subscribedNode });
    this.#live = new LiveHashes(clock);
    this.#wakeWatch = new WakeWatch(clock, () => nodes.prove());
  }

  /**
   * @param open - for tests
   * @throws {@link ChatError} `PEER_UNREACHABLE`; the signal's reason
   */
  static async connect(options: WakuDeliveryOptions, open: OpenHost = openHost): Promise<WakuDelivery> {
    const pushed: { to?: OnPushed } = {};
    const host = await open({ ...options, onPushed: (message, from) => pushed.to?.(message, from) });
    const delivery = new WakuDelivery(host, options);
    pushed.to = (message) => delivery.#take(message);
    try {
      options.signal?.throwIfAborted();
      await delivery.#begin(options);
      return delivery;
    } catch (error) {
      await delivery.close();
      throw error;
    }
  }

  get health(): HealthStatus {
    return this.#closed === undefined ? this.#nodes.health(this.#subscriptions.isWhole) : "disconnected";
  }

  get serviceNodes(): readonly ServiceNodeStatus[] {
    return this.#nodes.all.map(({ status }) => status);
  }

  onHealthChange(observe: (health: HealthStatus) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  onGap(observe: () => void): () => void {
    this.#gapObservers.add(observe);
    return () => this.#gapObservers.delete(observe);
  }

  async publish(message: OutboundMessage, { signal }: { signal?: AbortSignal } = {}): Promise<PublishReceipt> {
    const proof = await this.#prove(message, signal);
    if (message.isRetransmission) this.#doubt();
    await this.#publisher.publish({ ...message, ...proof }, signal);
    return { messageHash: this.#host.hashOf(message) };
  }

  subscribe(topics: readonly string[], onMessage: (message: InboundMessage) => void): Promise<Subscription> {
    return this.#subscriptions.add(topics, onMessage);
  }

  async *query(
    topics: readonly string[],
    range: TimeRange,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<InboundMessage, void, undefined> {
    let missed = 0;
    for (const [first, ...others] of Map.groupBy(topics, (topic) => this.#host.shardOf(topic)).values()) {
      if (first === undefined) continue;
      for await (const message of this.#history.read([first, ...others], range, signal)) {
        if (this.#live.wasMissed(message, this.#subscriptions.sinceMs)) missed += 1;
        yield message;
      }
    }
    // The node answers pings, and does not bring what others have.
    if (missed > 0) this.#subscriptions.distrust();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#finder?.close();
    this.#cancelLook();
    this.#wakeWatch.close();
    this.#subscriptions.close();
    this.#nodes.close();
    this.#limits.close();
    await this.#host.close();
  }

  /** Resolves with the first service node, rejects as soon as it is clear that there will be none. */
  async #begin({ peers, discovery, whenUnreachable, connectTimeoutMs, signal }: WakuDeliveryOptions): Promise<void> {
    const dials = peers.map((address) => this.#nodes.add(address));
    if (discovery !== undefined) {
      const isConnected = () => this.health !== "disconnected";
      this.#finder = new Finder({ clock: this.#clock, nodes: this.#nodes, discovery, isConnected });
      dials.push(this.#finder.find());
    }
    if (whenUnreachable === "queue") return;
    const connected = new Promise<void>((resolve) => {
      const stop = this.onHealthChange((health) => {
        if (health === "disconnected") return;
        stop();
        resolve();
      });
    });
    const failed = Promise.all(dials).then((problems) => {
      if (this.health === "disconnected") throw unreachable(this.serviceNodes, problems.find(Boolean));
    });
    const first = () => Promise.race([connected, failed]);
    await this.#limits.within(connectTimeoutMs, signal, first).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw unreachable(this.serviceNodes, error);
    });
  }

  #take(message: InboundMessage): void {
    this.#live.add(message.hash);
    this.#subscriptions.take(message);
  }

  #tell(): void {
    const { health } = this;
    if (health === this.#told || this.#closed !== undefined) return;
    const isBack = this.#told === "disconnected";
    this.#told = health;
    if (health === "disconnected") this.#hasReadOne = true;
    for (const observe of [...this.#observers]) observe(health);
    // Nobody brings anything, but history can be read.
    if (isBack && !this.#subscriptions.isWhole && !this.#subscriptions.isMoving) this.#tellGap();
  }

  /** Something was not confirmed. It may be confirmations that nobody brings, so history is worth a look. */
  #doubt(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#doubtedMs + DOUBT_EVERY_MS) return;
    this.#doubtedMs = nowMs;
    this.#cancelLook = this.#clock.after(CONFIRMED_WITHIN_MS, () => this.#tellGap());
  }

  /** What was read from the first node that was back may lack what the second one, which has come now, did not forget. */
  #readSecond(): void {
    if (!this.#hasReadOne || this.#nodes.for("store").length < 2) return;
    this.#hasReadOne = false;
    this.#tellGap();
  }

  #tellGap(): void {
    for (const observe of [...this.#gapObservers]) observe();
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
}

function unreachable(nodes: readonly ServiceNodeStatus[], cause: unknown): ChatError {
  const where = nodes.map(({ address }) => address).join(", ") || "any address";
  return new ChatError(
    "PEER_UNREACHABLE",
    `no service node answers at ${where}; check that it runs (npm run devnet) and that the address is right`,
    { retryable: true, cause },
  );
}
