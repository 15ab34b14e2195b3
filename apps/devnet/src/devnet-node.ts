/**
 * What a program that starts a devnet sees of each node.
 * @module
 */
import type { NodeCounters } from "./counters.ts";
import type { FaultOptions } from "./faults.ts";

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
