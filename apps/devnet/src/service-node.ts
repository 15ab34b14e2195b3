/**
 * One Waku service node: a libp2p host with its protocols, from start to stop.
 * @module
 */
import { isIPv6 } from "node:net";
import type { StreamHandler } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createCounters, type NodeCounters, snapshot } from "./counters.ts";
import { DevnetError } from "./errors.ts";
import { type FaultOptions, Faults } from "./faults.ts";
import { FILTER_SUBSCRIBE_CODEC, FilterService } from "./filter.ts";
import { createHost, type Host } from "./host/host.ts";
import {
  LIGHT_PUSH_CODEC,
  LIGHT_PUSH_CODEC_V2,
  lightPushHandler,
  lightPushHandlerV2,
  type Publish,
} from "./light-push.ts";
import { isWebSocket } from "./links.ts";
import type { ArchivePage, ArchiveQuery } from "./message-archive.ts";
import { factsOf, MessagePath } from "./message-path.ts";
import { METADATA_CODEC, metadataHandler } from "./metadata.ts";
import { type Network, pubsubTopics } from "./network.ts";
import type { NodeFiles } from "./node-files.ts";
import { recordOf } from "./node-record.ts";
import { PEER_EXCHANGE_CODEC, peerExchangeHandler } from "./peer-exchange.ts";
import { PeerLimiter, type ResolvedLimits } from "./peer-limits.ts";
import { joinRelay } from "./relay.ts";
import type { RlnValidator } from "./rln/validator.ts";
import { Siblings } from "./siblings.ts";
import { STORE_CODEC, storeHandler } from "./store-protocol.ts";
import { MAX_REQUEST_STREAMS } from "./streams.ts";
import type { NodeEvent, Observers } from "./watch/events.ts";

const PRUNE_MS = 1_000;

/** A service node of a running devnet. */
export interface DevnetNode {
  readonly name: string;
  readonly peerId: string;
  /** Where light nodes connect: a multiaddr that ends with the peer id. Stays the same over stop and start. */
  readonly webSocket: string;
  /** Where other service nodes connect. */
  readonly tcp: string;
  readonly isRunning: boolean;
  /** How many connected nodes listen to each shard, by pubsub topic: those are relayed to. */
  readonly relayPeers: Readonly<Record<string, number>>;
  /** Ids of all connected peers: light nodes, and other service nodes. */
  readonly peers: readonly string[];
  /** Of the messages in the store. */
  readonly storedBytes: number;
  /** A copy of the counts up to now. */
  readonly counters: NodeCounters;
  /** Replaces the faults that were set before; `{}` ends them. @throws {@link DevnetError} `INVALID_OPTION` */
  setFaults(faults: FaultOptions): void;
  /** Closes all connections and frees the ports; key and messages are kept. Idempotent. */
  stop(): Promise<void>;
  /**
   * Listens again, with the same key, ports and messages, and links up with the running nodes. Idempotent.
   * @throws {@link DevnetError} `PORT_IN_USE`, `LISTEN_FAILED`, `LINK_TIMEOUT`, `CLOSED`
   */
  start(): Promise<void>;
}

export interface ServiceNodeOptions {
  readonly name: string;
  readonly network: Network;
  readonly host: string;
  /** 0 for any free port. */
  readonly webSocketPort: number;
  readonly files: NodeFiles;
  /** All nodes of the devnet, this one included. */
  readonly siblings: () => readonly ServiceNode[];
  readonly limits: ResolvedLimits;
  /** On a network that limits its senders. */
  readonly rln: RlnValidator | undefined;
  readonly log: (line: string) => void;
  readonly observers: Observers;
}

export class ServiceNode implements DevnetNode {
  readonly #options: ServiceNodeOptions;
  readonly #topics: ReadonlySet<string>;
  readonly #counters = createCounters();
  readonly #filter: FilterService;
  readonly #faults = new Faults(() => {
    this.#counters.dropped.fault += 1;
  });
  readonly #limiters: Record<"push" | "filter" | "store" | "exchange", PeerLimiter>;
  readonly #tell: (event: () => NodeEvent) => void;
  readonly #siblings: Siblings<ServiceNode>;
  readonly #path: MessagePath;
  #pruning: NodeJS.Timeout | undefined;
  #host: Host | undefined;
  /** Ends with the host. */
  #running = new AbortController();
  #addresses = { webSocket: "", tcp: "" };
  #peerId = "";
  #record: Uint8Array | undefined;
  #closed = false;
  #lastStep: Promise<void> = Promise.resolve();

  constructor(options: ServiceNodeOptions) {
    this.#options = options;
    this.#topics = new Set(pubsubTopics(options.network));
    const counters = this.#counters;
    const faults = this.#faults;
    const { archive } = options.files;
    const tell = (event: () => NodeEvent) => options.observers.tell(options.name, event);
    const siblings = new Siblings<ServiceNode>({
      others: () => options.siblings().filter((node) => node !== this),
      pubsubTopics: this.#topics,
      archive,
      counters,
      log: (line) => options.log(`${options.name} ${line}`),
      onTaken: ({ hash, wire }) => options.rln?.remember(hash, wire.rateLimitProof, Date.now()),
    });
    // Siblings ask for much at once when they catch up.
    const limiter = () => new PeerLimiter(options.limits, { isExempt: (peer) => siblings.includes(peer) });
    this.#limiters = { push: limiter(), filter: limiter(), store: limiter(), exchange: limiter() };
    this.#siblings = siblings;
    this.#tell = tell;
    this.#filter = new FilterService({
      pubsubTopics: this.#topics,
      counters,
      limiter: this.#limiters.filter,
      passOn: (deliver) => faults.passOn(deliver),
      onDelivered: (peer, message) => tell(() => ({ kind: "delivered", peer, ...factsOf(message) })),
      ping: async (peer, signal) => this.#host?.services.ping.ping(peer, { signal }),
    });
    this.#path = new MessagePath({
      pubsubTopics: this.#topics,
      archive,
      filter: this.#filter,
      counters,
      faults,
      rln: options.rln,
      relay: () => this.#host?.services.relay,
      tell,
    });
  }

  get host(): Host | undefined {
    return this.#host;
  }

  get peerId(): string {
    return this.#peerId;
  }

  get webSocket(): string {
    return this.#addresses.webSocket;
  }

  get tcp(): string {
    return this.#addresses.tcp;
  }

  get isRunning(): boolean {
    return this.#host !== undefined;
  }

  get name(): string {
    return this.#options.name;
  }

  get peers(): string[] {
    return this.#host?.getPeers().map(String) ?? [];
  }

  get storedBytes(): number {
    return this.#options.files.archive.bytes;
  }

  get relayPeers(): Record<string, number> {
    const relay = this.#host?.services.relay;
    return Object.fromEntries([...this.#topics].map((topic) => [topic, relay?.getSubscribers(topic).length ?? 0]));
  }

  get counters(): NodeCounters {
    return snapshot(this.#counters, this.#filter.subscribers);
  }

  setFaults(faults: FaultOptions): void {
    this.#faults.set(faults);
  }

  /** Closes the links to `siblings`, and keeps them closed until it is called with others. */
  cutOff(siblings: readonly ServiceNode[]): void {
    this.#siblings.keepApart(siblings, this.#host);
  }

  /** Links to every sibling on this side, and takes over what they stored while they were away. */
  linkUp(): Promise<void> {
    return this.#inTurn(async () => {
      const host = this.#host;
      if (host !== undefined) await this.#siblings.link(host, this.#running.signal);
    });
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new DevnetError("CLOSED", `${this.#options.name}: the devnet is closed; start a new one`);
      if (this.#host !== undefined) return;
      await this.#link(await this.#listen());
      this.#options.log(`${this.#options.name} listens on ${this.webSocket}`);
      this.#tell(() => ({ kind: "started" }));
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#disconnect());
  }

  /** Stops for good and closes the message store. Idempotent. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#closed = true;
      await this.#disconnect();
      this.#options.files.archive.close();
    });
  }

  /** One step of the life cycle after the other, whatever the caller awaits. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#lastStep.then(step);
    this.#lastStep = done.catch(() => {});
    return done;
  }

  async #listen(): Promise<Host> {
    const { files, log, name } = this.#options;
    const host = await createHost({
      privateKey: files.privateKey,
      listen: this.#listenAddresses(),
      isApart: this.#siblings.isApart,
    });
    for (const [codec, handler] of this.#protocols()) {
      await host.handle(codec, handler, { maxInboundStreams: MAX_REQUEST_STREAMS });
    }
    host.addEventListener("peer:connect", ({ detail: peer }) => {
      this.#tell(() => ({ kind: "connected", peer: peer.toString() }));
    });
    host.addEventListener("peer:disconnect", ({ detail: peer }) => {
      this.#tell(() => ({ kind: "disconnected", peer: peer.toString() }));
      this.#filter.remove(peer);
      for (const limiter of Object.values(this.#limiters)) limiter.sweep();
      this.#siblings.onDisconnect(peer.toString());
    });
    try {
      await host.start();
    } catch (error) {
      await Promise.resolve(host.stop()).catch(() => log(`${name} did not stop after a failed start`));
      throw this.#listenError(error);
    }
    joinRelay(host.services.relay, this.#topics, (pubsubTopic, data, peer) =>
      this.#path.receive(pubsubTopic, data, peer),
    );
    this.#host = host;
    this.#running = new AbortController();
    this.#filter.start();
    this.#pruning = setInterval(() => this.#prune(), PRUNE_MS).unref();
    this.#peerId = host.peerId.toString();
    this.#addresses = {
      webSocket: addressOf(host, isWebSocket),
      tcp: addressOf(host, (address) => !isWebSocket(address)),
    };
    this.#record = await recordOf(files.privateKey, this.#addresses, this.#options.network);
    return host;
  }

  #protocols(): [codec: string, handler: StreamHandler][] {
    const { network, files } = this.#options;
    const publish: Publish = (pubsubTopic, wire, peer) => this.#path.publish(pubsubTopic, wire, peer);
    const counters = this.#counters;
    const push = { network, counters, publish, limiter: this.#limiters.push, refusal: () => this.#faults.refusal() };
    const archive = {
      query: (query: ArchiveQuery) => (this.#faults.amnesia ? NO_HISTORY : files.archive.query(query)),
    };
    const records = () => this.#siblings.reachable.flatMap((sibling) => sibling.#record ?? []);
    return [
      [PEER_EXCHANGE_CODEC, peerExchangeHandler({ counters, limiter: this.#limiters.exchange, records })],
      [METADATA_CODEC, metadataHandler(network, this.#counters)],
      [LIGHT_PUSH_CODEC, lightPushHandler(push)],
      [LIGHT_PUSH_CODEC_V2, lightPushHandlerV2(push)],
      [FILTER_SUBSCRIBE_CODEC, this.#filter.handler],
      [STORE_CODEC, storeHandler({ archive, counters, limiter: this.#limiters.store })],
    ];
  }

  /** The ports of the first start are those of every later one. */
  #listenAddresses(): string[] {
    const { host, webSocketPort } = this.#options;
    const base = isIPv6(host) ? `/ip6/${host}` : `/ip4/${host}`;
    const webSocket = portOf(this.webSocket) ?? webSocketPort;
    return [`${base}/tcp/${webSocket}/ws`, `${base}/tcp/${portOf(this.tcp) ?? 0}`];
  }

  #listenError(cause: unknown): DevnetError {
    const { host, webSocketPort, name } = this.#options;
    if (String(cause).includes("EADDRINUSE")) {
      const ports = [portOf(this.webSocket) ?? webSocketPort, portOf(this.tcp)].filter(Boolean).join(" or ");
      return new DevnetError("PORT_IN_USE", `${name}: port ${ports} on ${host} is in use; choose another port`, {
        cause,
      });
    }
    return new DevnetError("LISTEN_FAILED", `${name}: cannot listen on ${host}, port ${webSocketPort}`, { cause });
  }

  /** Connects to every running sibling, and stays connected. */
  async #link(host: Host): Promise<void> {
    try {
      await this.#siblings.linkAndKeep(host, this.#running.signal);
    } catch (cause) {
      await this.#disconnect();
      const detail = `${this.#options.name}: the other nodes did not answer in time`;
      throw new DevnetError("LINK_TIMEOUT", detail, { cause });
    }
  }

  async #disconnect(): Promise<void> {
    const host = this.#host;
    if (host === undefined) return;
    this.#host = undefined;
    this.#running.abort();
    clearInterval(this.#pruning);
    this.#filter.clear();
    this.#faults.clear();
    this.#siblings.leaveAll();
    await host.stop();
    this.#options.log(`${this.#options.name} stopped`);
    this.#tell(() => ({ kind: "stopped" }));
  }

  #prune(): void {
    try {
      this.#counters.removed += this.#options.files.archive.prune(Date.now());
    } catch {
      this.#counters.dropped["archive-failed"] += 1;
    }
  }
}

const NO_HISTORY: ArchivePage = { kind: "page", messages: [] };

function addressOf(host: Host, wanted: (address: Multiaddr) => boolean): string {
  return host.getMultiaddrs().find(wanted)?.toString() ?? "";
}

function portOf(address: string): number | undefined {
  const port = /\/tcp\/(\d+)/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}
