/**
 * A devnet at one moment, as the terminal view and the web page show it.
 * @module
 */
import type { NodeCounters } from "../counters.ts";
import type { Devnet } from "../start-devnet.ts";
import type { DevnetEvent } from "./events.ts";

export type NodeState = {
  readonly name: string;
  readonly peerId: string;
  readonly webSocket: string;
  readonly isRunning: boolean;
  /** Connected peers that are no node of this devnet. */
  readonly clients: readonly string[];
  readonly storedBytes: number;
  readonly counters: NodeCounters;
};

export type TopicState = { readonly contentTopic: string; readonly messages: number; readonly bytes: number };

export type DevnetState = {
  readonly atMs: number;
  readonly network: Devnet["network"];
  readonly nodes: readonly NodeState[];
  /** Indexes of nodes, the smaller first. */
  readonly links: readonly (readonly [number, number])[];
  /** Busiest first. */
  readonly topics: readonly TopicState[];
};

export function stateOf(devnet: Pick<Devnet, "nodes" | "network">, topics: readonly TopicState[]): DevnetState {
  const indexes = new Map(devnet.nodes.map(({ peerId }, index) => [peerId, index]));
  const links: [number, number][] = [];
  const nodes = devnet.nodes.map((node, index): NodeState => {
    const { name, peerId, webSocket, isRunning, storedBytes, counters } = node;
    const clients: string[] = [];
    for (const peer of node.peers) {
      const other = indexes.get(peer);
      if (other === undefined) clients.push(peer);
      else if (index < other) links.push([index, other]);
    }
    return { name, peerId, webSocket, isRunning, clients, storedBytes, counters };
  });
  return { atMs: Date.now(), network: devnet.network, nodes, links, topics };
}

const MAX_TOPICS = 500;

/** Counts pushed messages by content topic; what was quiet the longest makes room. */
export class TopicTable {
  readonly #topics = new Map<string, { messages: number; bytes: number }>();

  readonly observe = (event: DevnetEvent): void => {
    if (event.kind !== "pushed") return;
    const { messages = 0, bytes = 0 } = this.#topics.get(event.contentTopic) ?? {};
    // Deleted first, so that the order is that of the last message.
    this.#topics.delete(event.contentTopic);
    this.#topics.set(event.contentTopic, { messages: messages + 1, bytes: bytes + event.bytes });
    const [eldest] = this.#topics.keys();
    if (this.#topics.size > MAX_TOPICS && eldest !== undefined) this.#topics.delete(eldest);
  };

  busiest(count: number): TopicState[] {
    const all = [...this.#topics].map(([contentTopic, counts]) => ({ contentTopic, ...counts }));
    return all.toSorted((one, other) => other.messages - one.messages).slice(0, count);
  }
}
