/**
 * A node's relation to the other nodes of its devnet: linked, kept apart, caught up with.
 * @module
 */
import type { PeerId } from "@libp2p/interface";
import { catchUp } from "./catch-up.ts";
import type { Counters } from "./counters.ts";
import type { Host } from "./host/host.ts";
import { keepLinked, link } from "./links.ts";
import type { Message } from "./message.ts";
import type { MessageArchive } from "./message-archive.ts";
import { MAX_AGE_MS } from "./network.ts";

/** Another node, as far as links to it are concerned; `host` is undefined while it is stopped. */
export interface Sibling {
  readonly peerId: string;
  readonly host: Host | undefined;
}

export interface SiblingsDeps<Other extends Sibling> {
  /** All other nodes, running or not. */
  readonly others: () => readonly Other[];
  readonly pubsubTopics: ReadonlySet<string>;
  readonly archive: MessageArchive;
  readonly counters: Counters;
  readonly log: (line: string) => void;
  /** Called for each message that was taken over from a sibling. */
  readonly onTaken: (message: Message) => void;
}

export class Siblings<Other extends Sibling> {
  readonly #deps: SiblingsDeps<Other>;
  /** On the other side of a partition. */
  #apart: ReadonlySet<Other> = new Set();
  /** Since when each sibling may have messages that this node lacks, in nanoseconds. */
  readonly #gaps = new Map<string, bigint>();
  /** Linked, and nothing is lacking. */
  readonly #caughtUp = new Set<string>();

  constructor(deps: SiblingsDeps<Other>) {
    this.#deps = deps;
  }

  includes(peerId: string): boolean {
    return this.#deps.others().some((other) => other.peerId === peerId);
  }

  /** Those that run, and are not kept apart. */
  get reachable(): Other[] {
    return this.#deps.others().filter((other) => other.host !== undefined && !this.#apart.has(other));
  }

  /** Arrow function: libp2p calls it by itself. */
  readonly isApart = (peer: PeerId): boolean => [...this.#apart].some(({ peerId }) => peerId === peer.toString());

  /** Closes the links of `host` to `others`, and keeps them closed until it is called with others. */
  keepApart(others: readonly Other[], host: Host | undefined): void {
    this.#apart = new Set(others);
    for (const connection of host?.getConnections() ?? []) {
      if (this.isApart(connection.remotePeer)) connection.abort(new Error("partition"));
    }
  }

  /** To be called when a peer disconnected. */
  onDisconnect(peerId: string): void {
    if (!this.includes(peerId)) return;
    this.#caughtUp.delete(peerId);
    // The oldest gap counts, until it is closed.
    if (!this.#gaps.has(peerId)) this.#gaps.set(peerId, BigInt(Date.now()) * 1_000_000n);
  }

  /** To be called when this node stops: a host that stops does not tell of each peer. */
  leaveAll(): void {
    for (const peerId of [...this.#caughtUp]) this.onDisconnect(peerId);
  }

  /** Links to every reachable sibling, and again whenever a link breaks, until `signal` aborts. */
  async linkAndKeep(host: Host, signal: AbortSignal): Promise<void> {
    const findHost = (peerId: string) => this.reachable.find((other) => other.peerId === peerId)?.host;
    const onRelinked = (peerId: string) => void this.#catchUp(host, peerId, signal);
    keepLinked(host, findHost, this.#deps.pubsubTopics, signal, onRelinked);
    await this.link(host, signal);
  }

  /** Resolves when all reachable siblings are linked, and this node lacks nothing of theirs. */
  async link(host: Host, signal: AbortSignal): Promise<void> {
    const linkTo = async (sibling: Other) => {
      const other = sibling.host;
      if (other === undefined) return;
      try {
        await link(host, other, this.#deps.pubsubTopics, signal);
        await this.#catchUp(host, sibling.peerId, signal);
      } catch (error) {
        // A sibling that stops meanwhile links up itself when it starts again.
        if (sibling.host === other) throw error;
      }
    };
    await Promise.all(this.reachable.map(linkTo));
  }

  /**
   * Takes over what a sibling stored since the link to it broke; after a start, since the newest message of this node.
   * Never fails: what could not be had now comes with the next link.
   */
  async #catchUp(host: Host, peerId: string, signal: AbortSignal): Promise<void> {
    const { archive, pubsubTopics, counters, log, onTaken } = this.#deps;
    const connection = host.getConnections().find(({ remotePeer }) => remotePeer.toString() === peerId);
    if (connection === undefined || this.#caughtUp.has(peerId)) return;
    const gapNs = this.#gaps.get(peerId);
    // A message may arrive so long after its timestamp.
    const fromNs = (gapNs ?? archive.newestNs) - BigInt(MAX_AGE_MS) * 1_000_000n;
    const before = counters.caughtUp;
    try {
      await catchUp(connection, fromNs > 0n ? fromNs : 0n, { archive, pubsubTopics, counters, signal, onTaken });
      // Another gap may have begun meanwhile.
      if (connection.status !== "open") return;
      this.#gaps.delete(peerId);
      this.#caughtUp.add(peerId);
      const taken = counters.caughtUp - before;
      if (taken > 0) log(`took over ${taken} messages after a gap`);
    } catch (error) {
      log(`could not catch up: ${error instanceof Error ? error.message : error}`);
    }
  }
}
