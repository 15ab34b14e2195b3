/** Service nodes in memory that die, hang, refuse, forget and lie when a test says so. @module */
import type { InboundMessage, OutboundMessage } from "@chat/sdk";
import type {
  HistoryPage,
  HistoryQuestion,
  NodeHost,
  NodeLink,
  OnPushed,
  OpenHost,
  PushAnswer,
} from "../src/delivery/waku/node-link.ts";

type Doing = "dial" | "push" | "filter" | "store" | "ping";

export class FakeNetwork {
  readonly nodes: FakeNode[];

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, index) => new FakeNode(this, `/fake/${index}/ws`));
  }

  readonly open: OpenHost = async ({ onPushed }) => this.#host(onPushed);

  /** Every node that is up has it, and brings it to its subscribers, except as the nodes' own faults say. */
  spread(message: InboundMessage): void {
    for (const node of this.nodes) if (node.isUp) node.take(message);
  }

  #host(onPushed: OnPushed): NodeHost {
    const links = new Set<FakeLink>();
    return {
      dial: async (address, signal) => {
        const node = this.nodes.find((candidate) => candidate.address === address);
        if (node?.hangs.has("dial")) await untilAborted(signal);
        if (node === undefined || !node.isUp) throw new Error(`nobody at ${address}`);
        node.dials += 1;
        const link = new FakeLink(node, onPushed);
        links.add(link);
        return link;
      },
      hashOf: ({ topic, timestampMs, payload }: OutboundMessage) => `${topic} ${timestampMs} ${payload.join()}`,
      shardOf: () => "shard",
      close: async () => {
        for (const link of links) link.cut();
      },
    };
  }
}

export class FakeNode {
  readonly address: string;
  readonly #network: FakeNetwork;
  readonly links = new Set<FakeLink>();
  readonly stored: InboundMessage[] = [];
  readonly hangs = new Set<Doing>();
  /** What arrived by light push. */
  readonly pushed: string[] = [];
  answer: PushAnswer = { kind: "taken" };
  isUp = true;
  isForgetful = false;
  /** Answers pings, and brings nothing. */
  bringsNothing = false;
  dials = 0;
  pageSize = 100;
  /** Messages that were given out, and hashes. */
  readonly given = { messages: 0, hashes: 0, pages: 0 };
  onPage: () => void = () => {};

  constructor(network: FakeNetwork, address: string) {
    this.#network = network;
    this.address = address;
  }

  /** Connections end with it, and are told. */
  stop(): void {
    this.isUp = false;
    for (const link of [...this.links]) link.cut();
  }

  start(): void {
    this.isUp = true;
  }

  /** What its clients have of it is dead, and nobody tells them. */
  vanish(): void {
    for (const link of this.links) link.isDead = true;
    this.links.clear();
  }

  forgetSubscriptions(): void {
    for (const link of this.links) link.topics.clear();
  }

  get subscribers(): number {
    return [...this.links].filter(({ topics }) => topics.size > 0).length;
  }

  push(message: OutboundMessage): PushAnswer {
    const hash = `${message.topic} ${message.timestampMs} ${message.payload.join()}`;
    this.pushed.push(hash);
    if (this.answer.kind === "taken") this.#network.spread({ ...message, hash });
    return this.answer;
  }

  take(message: InboundMessage): void {
    if (this.stored.some(({ hash }) => hash === message.hash)) return;
    if (!this.isForgetful) this.stored.push(message);
    if (this.bringsNothing) return;
    for (const { topics, onPushed } of this.links) if (topics.has(message.topic)) onPushed(message, this.address);
  }

  page(question: HistoryQuestion): HistoryPage<InboundMessage> {
    this.given.pages += 1;
    this.onPage();
    const found = this.stored
      .filter((message) =>
        "hashes" in question
          ? question.hashes.includes(message.hash)
          : message.timestampMs >= question.fromMs && message.timestampMs <= question.toMs,
      )
      .toSorted((a, b) => a.timestampMs - b.timestampMs || (a.hash < b.hash ? -1 : 1));
    const cursor = question.cursor && new TextDecoder().decode(question.cursor);
    const from = cursor === undefined ? 0 : found.findIndex(({ hash }) => hash === cursor) + 1;
    if (cursor !== undefined && from === 0) throw new Error("unknown cursor");
    const entries = found.slice(from, from + Math.min(question.limit, this.pageSize));
    const last = entries.at(-1);
    const isLast = last === undefined || from + entries.length >= found.length;
    return isLast ? { entries } : { entries, cursor: new TextEncoder().encode(last.hash) };
  }
}

class FakeLink implements NodeLink {
  readonly peerId: string;
  readonly topics = new Set<string>();
  readonly onPushed: OnPushed;
  isDead = false;
  readonly #node: FakeNode;
  readonly #observers = new Set<() => void>();
  readonly #cut = new AbortController();

  constructor(node: FakeNode, onPushed: OnPushed) {
    this.#node = node;
    this.peerId = `peer of ${node.address}`;
    this.onPushed = onPushed;
    node.links.add(this);
  }

  serves(): boolean {
    return true;
  }

  async push(message: OutboundMessage, signal: AbortSignal) {
    await this.#reach("push", signal);
    return this.#node.push(message);
  }

  async subscribe(topics: readonly string[], signal: AbortSignal) {
    await this.#reach("filter", signal);
    for (const topic of topics) this.topics.add(topic);
  }

  async unsubscribe(topics: readonly string[], signal: AbortSignal) {
    await this.#reach("filter", signal);
    for (const topic of topics) this.topics.delete(topic);
  }

  async isSubscribed(signal: AbortSignal) {
    await this.#reach("filter", signal);
    return this.topics.size > 0;
  }

  async history(question: HistoryQuestion, signal: AbortSignal) {
    await this.#reach("store", signal);
    const page = this.#node.page(question);
    this.#node.given.messages += page.entries.length;
    return page;
  }

  async hashes(question: HistoryQuestion, signal: AbortSignal) {
    await this.#reach("store", signal);
    const { entries, ...page } = this.#node.page(question);
    this.#node.given.hashes += entries.length;
    return { ...page, entries: entries.map(({ hash }) => hash) };
  }

  async ping(signal: AbortSignal) {
    await this.#reach("ping", signal);
  }

  cut(): void {
    this.isDead = true;
    this.#cut.abort(new Error("cut"));
    this.#node.links.delete(this);
    for (const observe of this.#observers) queueMicrotask(observe);
    this.#observers.clear();
  }

  onEnd(observe: () => void): void {
    this.#observers.add(observe);
  }

  async #reach(what: Doing, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isDead || this.#node.hangs.has(what)) await untilAborted(AbortSignal.any([signal, this.#cut.signal]));
    if (!this.#node.isUp) throw new Error("reset");
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
}
