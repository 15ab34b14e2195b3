/**
 * One Waku service node: a libp2p host with its protocols, from start to stop.
 * @module
 */
import { createCounters, type NodeCounters, snapshot } from "./counters.ts";
import type { DevnetNode } from "./devnet-node.ts";
import { DevnetError } from "./errors.ts";
import { type FaultOptions, Faults } from "./faults.ts";
import { FilterService } from "./filter.ts";
import { createHost, type Host } from "./host/host.ts";
import { addressesOf, type Interface, listenAddresses, listenError, NO_ADDRESSES } from "./host/listening.ts";
import { factsOf, MessagePath } from "./message-path.ts";
import { type Network, pubsubTopics } from "./network.ts";
import type { NodeFiles } from "./node-files.ts";
import { recordOf } from "./node-record.ts";
import { PeerLimiter, type ResolvedLimits } from "./peer-limits.ts";
import { type Limiters, mountProtocols } from "./protocols.ts";
import { joinRelay } from "./relay.ts";
import type { RlnValidator } from "./rln/validator.ts";
import { Siblings } from "./siblings.ts";
import type { NodeEvent, Observers } from "./watch/events.ts";

const PRUNE_MS = 1_000;

export interface ServiceNodeOptions extends Interface {
  readonly name: string;
  readonly network: Network;
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
  readonly #limiters: Limiters;
  readonly #tell: (event: () => NodeEvent) => void;
  readonly #siblings: Siblings<ServiceNode>;
  readonly #path: MessagePath;
  #pruning: NodeJS.Timeout | undefined;
  #host: Host | undefined;
  /** Ends with the host. */
  #running = new AbortController();
  #addresses = NO_ADDRESSES;
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
      listen: listenAddresses(this.#options, this.#addresses),
      isApart: this.#siblings.isApart,
    });
    await mountProtocols(host, {
      network: this.#options.network,
      counters: this.#counters,
      limiters: this.#limiters,
      faults: this.#faults,
      filter: this.#filter,
      archive: files.archive,
      publish: (pubsubTopic, wire, from) => this.#path.publish(pubsubTopic, wire, from),
      records: () => this.#siblings.reachable.flatMap((sibling) => sibling.#record ?? []),
    });
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
      throw listenError(name, this.#options, this.#addresses, error);
    }
    joinRelay(host.services.relay, this.#topics, (pubsubTopic, data, peer) =>
      this.#path.receive(pubsubTopic, data, peer),
    );
    this.#host = host;
    this.#running = new AbortController();
    this.#filter.start();
    this.#pruning = setInterval(() => this.#prune(), PRUNE_MS).unref();
    this.#peerId = host.peerId.toString();
    this.#addresses = addressesOf(host);
    this.#record = await recordOf(files.privateKey, this.#addresses, this.#options.network);
    return host;
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
