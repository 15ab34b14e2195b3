/**
 * Keeps the filter subscription alive: on one service node at a time, asked now and then whether it still knows it, and
 * moved to another when it does not answer, or does not bring what it should.
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { InboundMessage, Subscription } from "../delivery-service.ts";
import type { Limits } from "./limits.ts";
import type { NodeLink } from "./node-link.ts";
import type { ServiceNode } from "./service-node.ts";
import type { ServiceNodes } from "./service-nodes.ts";

/** Service nodes forget who is silent for five minutes. */
const ASK_EVERY_MS = 20_000;
/** While no node takes it. */
const TRY_EVERY_MS = 5_000;
const ANSWER_LIMIT_MS = 5_000;
/** A goodbye is a courtesy: the end of the connection says it as well. */
const GOODBYE_LIMIT_MS = 300;

export type SubscriptionsDeps = {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly nodes: ServiceNodes;
  /** The subscription is there again, or is gone. */
  readonly onChange: () => void;
  /** There was a time in which nobody brought anything. */
  readonly onGap: () => void;
};

type Listener = { readonly topics: ReadonlySet<string>; readonly onMessage: (message: InboundMessage) => void };
type Current = { readonly node: ServiceNode; readonly link: NodeLink; readonly sinceMs: number };

export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #listeners = new Set<Listener>();
  #current: Current | undefined;
  #moving: Promise<void> | undefined;
  #cancelAsk: () => void = () => {};
  #hadGap = false;
  #isClosed = false;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  get node(): ServiceNode | undefined {
    return this.#current?.node;
  }

  /** Since when without a break; undefined while there is none. */
  get sinceMs(): number | undefined {
    return this.#current?.sinceMs;
  }

  /** Whether everything that is wanted is subscribed to. */
  get isWhole(): boolean {
    return this.#listeners.size === 0 || this.#current !== undefined;
  }

  async add(topics: readonly string[], onMessage: (message: InboundMessage) => void): Promise<Subscription> {
    const listener = { topics: new Set(topics), onMessage };
    this.#listeners.add(listener);
    await this.#include(topics);
    return { close: () => this.#remove(listener) };
  }

  /** What a service node pushed. */
  take(message: InboundMessage): void {
    for (const { topics, onMessage } of [...this.#listeners]) if (topics.has(message.topic)) onMessage(message);
  }

  /** Whether a node is being asked to take it. */
  get isMoving(): boolean {
    return this.#moving !== undefined;
  }

  /** A connection was made, or proved that it is still there; nobody else uses it before this resolves. */
  async onConnect(node: ServiceNode, link: NodeLink): Promise<void> {
    const isNeeded = this.#current === undefined || this.#current.link === link;
    if (!isNeeded || !link.serves("filter") || this.#moving !== undefined) return;
    await this.#alone(() => this.#subscribe(node, link));
    if (this.#current === undefined) this.move();
  }

  /** A connection ended, or is in doubt. */
  onChange(): void {
    if (this.#current !== undefined && !this.#current.node.has(this.#current.link)) this.#lose();
    if (this.#current === undefined) this.move();
  }

  /** As soon as the node can be asked for what was missed. */
  tellGap(): void {
    if (!this.#hadGap || this.#current === undefined || this.#current.node.link !== this.#current.link) return;
    this.#hadGap = false;
    this.#deps.onGap();
  }

  /** It was seen that the node does not bring everything. */
  distrust(): void {
    const node = this.#current?.node;
    if (node === undefined) return;
    node.blame("filter");
    this.#lose();
    this.move();
  }

  /** Subscribes at the first of the connected nodes that takes it. */
  move(): void {
    if (!this.#isClosed && this.#moving === undefined) void this.#alone(() => this.#moveOn());
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelAsk();
  }

  #alone(move: () => Promise<void>): Promise<void> {
    this.#moving = move().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  async #moveOn(): Promise<void> {
    for (const node of this.#deps.nodes.for("filter")) {
      if (this.#current !== undefined || this.#isClosed) return;
      if (node.link !== undefined) await this.#subscribe(node, node.link);
    }
    if (this.#current !== undefined || this.#isClosed || this.isWhole) return;
    this.#cancelAsk();
    this.#cancelAsk = this.#deps.clock.after(TRY_EVERY_MS, () => this.move());
  }

  async #subscribe(node: ServiceNode, link: NodeLink): Promise<void> {
    let topics = this.#topics();
    if (topics.length === 0) return;
    const { clock, limits, onChange } = this.#deps;
    try {
      for (let known = 0; known < topics.length; topics = this.#topics()) {
        known = topics.length; // more may be wanted when this is done
        await limits.within(ANSWER_LIMIT_MS, undefined, (signal) => link.subscribe(topics, signal));
      }
      if (this.#isClosed || !node.has(link)) return;
      node.trust("filter");
      this.#current = { node, link, sinceMs: clock.nowMs() };
      this.#askLater();
      this.#hadGap = true;
      onChange();
      this.tellGap();
    } catch {
      node.blame("filter");
      if (this.#current?.link === link) this.#lose();
    }
  }

  /** Topics that were added are subscribed to where the others are. */
  async #include(topics: readonly string[]): Promise<void> {
    const current = this.#current;
    if (current === undefined) {
      this.move();
      await this.#moving;
      return;
    }
    try {
      await this.#deps.limits.within(ANSWER_LIMIT_MS, undefined, (signal) => current.link.subscribe(topics, signal));
    } catch {
      if (this.#current === current) this.distrust();
    }
  }

  async #remove(listener: Listener): Promise<void> {
    if (!this.#listeners.delete(listener) || this.#isClosed) return;
    const wanted = new Set(this.#topics());
    const unwanted = [...listener.topics].filter((topic) => !wanted.has(topic));
    const link = this.#current?.link;
    if (wanted.size === 0) this.#lose();
    if (link === undefined || unwanted.length === 0) return;
    const goodbye = this.#deps.limits.within(GOODBYE_LIMIT_MS, undefined, (signal) =>
      link.unsubscribe(unwanted, signal),
    );
    await goodbye.catch(() => {});
  }

  #askLater(): void {
    this.#cancelAsk();
    this.#cancelAsk = this.#deps.clock.after(ASK_EVERY_MS, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    const { node, link } = current;
    try {
      const isKnown = await this.#deps.limits.within(ANSWER_LIMIT_MS, undefined, (signal) => link.isSubscribed(signal));
      if (this.#current !== current || this.#isClosed) return;
      if (isKnown) this.#askLater();
      else await this.#subscribe(node, link);
    } catch {
      if (this.#current === current) this.distrust();
    }
  }

  #lose(): void {
    if (this.#current === undefined) return;
    this.#cancelAsk();
    this.#current = undefined;
    this.#deps.onChange();
  }

  #topics(): string[] {
    return [...new Set([...this.#listeners].flatMap(({ topics }) => [...topics]))];
  }
}
