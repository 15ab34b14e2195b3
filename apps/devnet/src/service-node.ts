/**
 * One Waku service node: the libp2p host with its protocols, and the way of a message through them.
 * @module
 */
import { isIPv6 } from "node:net";
import type { PeerId, StreamHandler } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { catchUp } from "./catch-up.ts";
import { createCounters, type NodeCounters, snapshot } from "./counters.ts";
import { DevnetError } from "./errors.ts";
import { type FaultOptions, Faults } from "./faults.ts";
import { FILTER_SUBSCRIBE_CODEC, FilterService } from "./filter.ts";
import { createHost, type Host } from "./host.ts";
import {
  LIGHT_PUSH_CODEC,
  LIGHT_PUSH_CODEC_V2,
  lightPushHandler,
  lightPushHandlerV2,
  type Published,
} from "./light-push.ts";
import { isWebSocket, keepLinked, link } from "./links.ts";
import { type Checked, checkMessage, decodeMessage, type Message, type WireMessage } from "./message.ts";
import type { ArchivePage, ArchiveQuery } from "./message-archive.ts";
import { METADATA_CODEC, metadataHandler } from "./metadata.ts";
import { MAX_AGE_MS, type Network, pubsubTopics } from "./network.ts";
import type { NodeFiles } from "./node-files.ts";
import { recordOf } from "./node-record.ts";
import { PEER_EXCHANGE_CODEC, peerExchangeHandler } from "./peer-exchange.ts";
import { PeerLimiter, type ResolvedLimits } from "./peer-limits.ts";
import { joinRelay } from "./relay.ts";
import type { RlnValidator } from "./rln/validator.ts";
import { STORE_CODEC, storeHandler } from "./store-protocol.ts";
import { MAX_REQUEST_STREAMS } from "./streams.ts";
import type { MessageFacts, NodeEvent, Observers } from "./watch/events.ts";

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
  /** Siblings on the other side of a partition. */
  #apart: ReadonlySet<ServiceNode> = new Set();
  readonly #limiters: Record<"push" | "filter" | "store" | "exchange", PeerLimiter>;
  /** Since when each sibling may have messages that this node lacks, in nanoseconds; absent while they are linked. */
  readonly #gaps = new Map<string, bigint>();
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
    const limiter = () => new PeerLimiter(options.limits);
    this.#limiters = { push: limiter(), filter: limiter(), store: limiter(), exchange: limiter() };
    this.#filter = new FilterService({
      limiter: this.#limiters.filter,
      passOn: (deliver) => this.#faults.passOn(deliver),
      onDelivered: (peer, message) => this.#tell(() => ({ kind: "delivered", peer, ...factsOf(message) })),
      pubsubTopics: this.#topics,
      counters: this.#counters,
      ping: async (peer, signal) => this.#host?.services.ping.ping(peer, { signal }),
    });
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
    this.#apart = new Set(siblings);
    for (const connection of this.#host?.getConnections() ?? []) {
      if (this.#isApart(connection.remotePeer)) connection.abort(new Error("partition"));
    }
  }

  /** Links to every running sibling on this side that it is not linked to. */
  linkUp(): Promise<void> {
    return this.#inTurn(async () => {
      const host = this.#host;
      if (host !== undefined) await this.#linkAll(host);
    });
  }

  /** Takes over what siblings stored while they were away. */
  async catchUpWithAll(): Promise<void> {
    const host = this.#host;
    if (host === undefined) return;
    await Promise.all([...this.#gaps.keys()].map((peerId) => this.#catchUp(host, peerId)));
  }

  #isApart(peer: PeerId): boolean {
    return [...this.#apart].some(({ peerId }) => peerId === peer.toString());
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
    const { files, log, name, siblings } = this.#options;
    const host = await createHost({
      privateKey: files.privateKey,
      listen: this.#listenAddresses(),
      isApart: (peer) => this.#isApart(peer),
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
      const isSibling = siblings().some(({ peerId }) => peerId === peer.toString());
      if (isSibling) this.#gaps.set(peer.toString(), nowNs());
    });
    try {
      await host.start();
    } catch (error) {
      await Promise.resolve(host.stop()).catch(() => log(`${name} did not stop after a failed start`));
      throw this.#listenError(error);
    }
    joinRelay(host.services.relay, this.#topics, (pubsubTopic, data, peer) => this.#receive(pubsubTopic, data, peer));
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
    const publish = (pubsubTopic: string, wire: WireMessage, peer: string) => this.#publish(pubsubTopic, wire, peer);
    const counters = this.#counters;
    const push = { network, counters, publish, limiter: this.#limiters.push, refusal: () => this.#faults.refusal() };
    const archive = {
      query: (query: ArchiveQuery) => (this.#faults.amnesia ? NO_HISTORY : files.archive.query(query)),
    };
    const records = () => this.#reachable().flatMap((sibling) => sibling.#record ?? []);
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
    const { signal } = this.#running;
    const findHost = (peerId: string) => {
      const sibling = this.#reachable().find((candidate) => candidate.peerId === peerId);
      return sibling === undefined ? undefined : sibling.#host;
    };
    keepLinked(host, findHost, this.#topics, signal, (peerId) => void this.#catchUp(host, peerId));
    try {
      await this.#linkAll(host);
    } catch (cause) {
      await this.#disconnect();
      const detail = `${this.#options.name}: the other nodes did not answer in time`;
      throw new DevnetError("LINK_TIMEOUT", detail, { cause });
    }
  }

  #reachable(): ServiceNode[] {
    const { siblings } = this.#options;
    return siblings().filter((sibling) => sibling !== this && sibling.isRunning && !this.#apart.has(sibling));
  }

  async #linkAll(host: Host): Promise<void> {
    const { signal } = this.#running;
    const linkTo = async (sibling: ServiceNode) => {
      const other = sibling.#host;
      if (other === undefined) return;
      try {
        await link(host, other, this.#topics, signal);
        await this.#catchUp(host, sibling.peerId);
      } catch (error) {
        // A sibling that stops meanwhile links up itself when it starts again.
        if (sibling.#host === other) throw error;
      }
    };
    await Promise.all(this.#reachable().map(linkTo));
  }

  async #disconnect(): Promise<void> {
    const host = this.#host;
    if (host === undefined) return;
    this.#host = undefined;
    this.#running.abort();
    clearInterval(this.#pruning);
    this.#filter.clear();
    this.#faults.clear();
    await host.stop();
    this.#options.log(`${this.#options.name} stopped`);
    this.#tell(() => ({ kind: "stopped" }));
  }

  /**
   * Takes over what a sibling stored since the link to it broke; after a start, since the newest message of this node.
   * Never fails: what could not be had now comes with the next link.
   */
  async #catchUp(host: Host, peerId: string): Promise<void> {
    const { files, log, name } = this.#options;
    const sinceNs = this.#gaps.get(peerId) ?? files.archive.newestNs;
    // A message may arrive so long after its timestamp.
    const fromNs = sinceNs - BigInt(MAX_AGE_MS) * 1_000_000n;
    const [connection] = host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId);
    if (connection === undefined) return;
    const before = this.#counters.caughtUp;
    try {
      await catchUp(connection, fromNs > 0n ? fromNs : 0n, {
        archive: files.archive,
        pubsubTopics: this.#topics,
        counters: this.#counters,
        signal: this.#running.signal,
      });
      this.#gaps.delete(peerId);
      const taken = this.#counters.caughtUp - before;
      if (taken > 0) log(`${name} took over ${taken} messages after a gap`);
    } catch (error) {
      log(`${name} could not catch up: ${error instanceof Error ? error.message : error}`);
    }
  }

  #prune(): void {
    try {
      this.#counters.removed += this.#options.files.archive.prune(Date.now());
    } catch {
      this.#counters.dropped["archive-failed"] += 1;
    }
  }

  /** A message from a light node: checked, durable, then spread. */
  async #publish(pubsubTopic: string, wire: WireMessage, peer: string): Promise<Published> {
    const checked = this.#check(pubsubTopic, wire);
    if (checked.kind === "refused") return checked;
    const { message } = checked;
    try {
      await this.#keep(message);
    } catch {
      return { kind: "refused", reason: "archive-failed", detail: "the message could not be stored; try again" };
    }
    this.#tell(() => ({ kind: "pushed", peer, ...factsOf(message) }));
    const relayed: { peers?: Promise<number> } = {};
    this.#faults.passOn(() => {
      relayed.peers ??= this.#relay(pubsubTopic, message.bytes);
    });
    return { kind: "published", relayPeers: (await relayed.peers) ?? 0 };
  }

  /** @returns how many nodes it was sent to */
  async #relay(pubsubTopic: string, bytes: Uint8Array): Promise<number> {
    try {
      const sent = await this.#host?.services.relay.publish(pubsubTopic, bytes);
      return sent?.recipients.length ?? 0;
    } catch {
      // It is stored and pushed to subscribers here; only the other nodes did not get it.
      return 0;
    }
  }

  /** A message from another service node. @returns whether it may travel on */
  #receive(pubsubTopic: string, data: Uint8Array, peer: string): boolean {
    const wire = decodeMessage(data);
    if (wire === undefined) {
      this.#counters.dropped.malformed += 1;
      return false;
    }
    const checked = this.#check(pubsubTopic, wire);
    if (checked.kind === "refused") {
      this.#counters.dropped[checked.reason] += 1;
      return false;
    }
    this.#counters.relayed += 1;
    this.#tell(() => ({ kind: "relayed", peer, ...factsOf(checked.message) }));
    this.#keep(checked.message).catch(() => {
      this.#counters.dropped["archive-failed"] += 1;
    });
    return true;
  }

  #tell(event: () => NodeEvent): void {
    this.#options.observers.tell(this.#options.name, event);
  }

  #check(pubsubTopic: string, wire: WireMessage): Checked {
    const nowMs = Date.now();
    const checked = checkMessage(pubsubTopic, wire, this.#topics, nowMs);
    if (checked.kind === "refused") return checked;
    const limited = this.#options.rln?.check(checked.message, nowMs);
    return limited?.kind === "refused" ? limited : checked;
  }

  /** Stores a message unless it is ephemeral, then hands it to subscribers unless they had it. */
  async #keep(message: Message): Promise<void> {
    if (!message.ephemeral && !this.#faults.amnesia) {
      if (!(await this.#options.files.archive.put(message))) {
        this.#counters.dropped.duplicate += 1;
        return;
      }
      this.#counters.stored += 1;
    }
    this.#filter.push(message);
  }
}

function factsOf({ hash, pubsubTopic, contentTopic, bytes }: Message): MessageFacts {
  return { hash: Buffer.from(hash).toString("hex"), pubsubTopic, contentTopic, bytes: bytes.length };
}

const NO_HISTORY: ArchivePage = { kind: "page", messages: [] };

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function addressOf(host: Host, wanted: (address: Multiaddr) => boolean): string {
  return host.getMultiaddrs().find(wanted)?.toString() ?? "";
}

function portOf(address: string): number | undefined {
  const port = /\/tcp\/(\d+)/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}
