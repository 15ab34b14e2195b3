/**
 * Waku as far as clients notice it: service nodes that relay to each other, store, and push to subscribers.
 * Everything takes time, and anything can go wrong, as the conditions and the seed say.
 * @module
 */
import type { InboundMessage, OutboundMessage, TimeRange } from "../delivery/delivery-service.ts";
import { inMemory } from "../delivery/memory-network.ts";
import { type Conditions, conditionsOf } from "./conditions.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Trace } from "./trace.ts";

export type Listener = { readonly topics: readonly string[]; readonly onMessage: (message: InboundMessage) => void };

/** A message as an observer of the whole network sees it. */
export type Published = InboundMessage & {
  readonly atMs: number;
  /** Name of the person: nothing that an observer could see. */
  readonly sender: string;
  readonly slot?: OutboundMessage["slot"];
};

type World = { readonly scheduler: Scheduler; readonly random: SeededRandom; readonly trace: Trace };

class ServiceNode {
  readonly stored = new Map<string, InboundMessage>();
  /** When, oldest first. */
  readonly seen = new Map<string, number>();
  readonly listeners = new Set<Listener>();
  /** Nodes of one side of a partition have the same. */
  side = 0;
  isUp = true;
}

export class SimulatedNetwork {
  /** Changed at any time: what is under way keeps what it left with. */
  conditions: Conditions;
  readonly #observers = new Set<(message: Published) => void>();
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #trace: Trace;
  readonly #nodes: readonly ServiceNode[];
  readonly #retentionMs: number;

  constructor({ scheduler, random, trace }: World, options: NetworkOptions) {
    const { nodes = 1, retentionMs = Number.POSITIVE_INFINITY, ...conditions } = options;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#trace = trace;
    this.#retentionMs = retentionMs;
    this.#nodes = Array.from({ length: nodes }, () => new ServiceNode());
    this.conditions = conditionsOf(conditions);
  }

  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** Of all messages that a node has stored; what several have counts once. */
  get storedBytes(): number {
    const stored = new Map(this.#nodes.flatMap((node) => [...node.stored]));
    return [...stored.values()].reduce((sum, { payload }) => sum + payload.length, 0);
  }

  isUp(node: number): boolean {
    return this.#node(node).isUp;
  }

  /** Takes a node from the network, with or without what it has stored, or brings it back. */
  setUp(node: number, isUp: boolean, { forgets = false }: { readonly forgets?: boolean } = {}): void {
    this.#trace.note(`node ${node}`, isUp ? "up" : forgets ? "down, and forgets" : "down");
    this.#node(node).isUp = isUp;
    if (forgets) this.#node(node).stored.clear();
  }

  /** Cuts the links between the nodes of different sides; without sides, all links are whole, and stores are synchronized. */
  partition(sides: readonly (readonly number[])[] = []): void {
    this.#trace.note("network", `parted ${JSON.stringify(sides)}`);
    for (const node of this.#nodes) node.side = 0;
    sides.forEach((nodes, index) => {
      for (const node of nodes) this.#node(node).side = index + 1;
    });
    if (sides.length === 0) this.#synchronize();
  }

  /** Told of every message when the first service node has it. */
  observe(observe: (message: Published) => void): void {
    this.#observers.add(observe);
  }

  /** How long a message takes from one place to the next. */
  delayMs(): number {
    const { delayMs } = this.conditions;
    return delayMs / 2 + this.#random.around(delayMs / 2);
  }

  chance(condition: Exclude<keyof Conditions, "delayMs">): boolean {
    return this.#random.chance(this.conditions[condition]);
  }

  /** A message reaches a node. @returns its hash */
  accept(node: number, sender: string, outbound: OutboundMessage): string {
    const message = inMemory(outbound);
    const { hash } = message;
    const { slot } = outbound;
    this.#trace.note(sender, `publishes ${hash} at node ${node}`);
    if (!this.#nodes.some(({ seen }) => seen.has(hash))) {
      const published = { ...message, atMs: this.#scheduler.nowMs, sender, ...(slot && { slot }) };
      for (const observe of this.#observers) observe(published);
    }
    this.#spread(this.#node(node), message);
    return hash;
  }

  listen(node: number, listener: Listener): () => void {
    const { listeners } = this.#node(node);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Oldest first, by the second and then by the hash, as service nodes sort. */
  history(node: number, topics: readonly string[], { fromMs, toMs }: TimeRange): InboundMessage[] {
    return [...this.#node(node).stored.values()]
      .filter(({ topic, timestampMs }) => topics.includes(topic) && timestampMs >= fromMs && timestampMs <= toMs)
      .sort((a, b) => a.timestampMs - b.timestampMs || (a.hash < b.hash ? -1 : 1));
  }

  #spread(from: ServiceNode, message: InboundMessage): void {
    if (from.seen.has(message.hash)) return;
    this.#take(from, message);
    for (const node of this.#nodes) {
      if (node === from || node.side !== from.side) continue;
      this.#scheduler.after(this.delayMs(), () => {
        if (node.isUp && from.side === node.side && !node.seen.has(message.hash)) this.#take(node, message);
      });
    }
  }

  #take(node: ServiceNode, message: InboundMessage): void {
    const nowMs = this.#scheduler.nowMs;
    node.seen.set(message.hash, nowMs);
    for (const [hash, atMs] of node.seen) {
      if (nowMs - atMs <= this.#retentionMs) break;
      node.seen.delete(hash);
      node.stored.delete(hash);
    }
    if (!this.chance("storeLoss")) node.stored.set(message.hash, message);
    else this.#trace.note("network", `does not store ${message.hash}`);
    for (const listener of node.listeners) {
      if (!listener.topics.includes(message.topic)) continue;
      const copies = this.chance("loss") ? 0 : this.chance("duplication") ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        this.#scheduler.after(this.delayMs(), () => {
          if (node.isUp && node.listeners.has(listener)) listener.onMessage(message);
        });
      }
    }
  }

  #synchronize(): void {
    for (const from of this.#nodes) {
      for (const message of from.stored.values()) {
        for (const node of this.#nodes) if (!node.seen.has(message.hash)) this.#take(node, message);
      }
    }
  }

  #node(index: number): ServiceNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`node: want 0 to ${this.#nodes.length - 1}, got ${index}`);
    return node;
  }
}

export type NetworkOptions = Partial<Conditions> & {
  /** Service nodes that relay to each other. @default 1 */
  readonly nodes?: number;
  /** How long a node knows a message. @default for ever */
  readonly retentionMs?: number;
};
