/**
 * A network in memory for tests: every published message is kept as by a store node and reaches every subscriber.
 * @module
 */
import { digest128 } from "../digest.ts";
import { ChatError } from "../errors.ts";
import type { DeliveryService, HealthStatus, InboundMessage, OutboundMessage, TimeRange } from "./delivery-service.ts";

type Listener = { readonly topics: readonly string[]; readonly onMessage: (message: InboundMessage) => void };

export class MemoryNetwork {
  /** Everything published, in order: what an observer of the network sees. */
  readonly published: InboundMessage[] = [];
  readonly #stored = new Map<string, InboundMessage>();
  readonly #listeners = new Set<Listener>();
  /** Decides for each subscriber's copy whether it arrives. The store always has it. */
  losesCopy: (message: InboundMessage) => boolean = () => false;
  /** What the store answers; for what it forgets, and for orders that it may choose within a second. */
  answerHistory: (messages: InboundMessage[]) => InboundMessage[] = (messages) => messages;

  /** One client's connection. */
  connect(): MemoryDelivery {
    return new MemoryDelivery(this);
  }

  publish(outbound: OutboundMessage): string {
    const message = inMemory(outbound);
    const { topic, hash } = message;
    this.published.push(message);
    this.#stored.set(hash, message);
    for (const { topics, onMessage } of this.#listeners) {
      if (topics.includes(topic) && !this.losesCopy(message)) queueMicrotask(() => onMessage(message));
    }
    return hash;
  }

  /** Brings any message, forged or repeated, to the subscribers and nobody else. */
  inject(message: InboundMessage): void {
    for (const { topics, onMessage } of this.#listeners) if (topics.includes(message.topic)) onMessage(message);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  history(topics: readonly string[], { fromMs, toMs }: TimeRange): InboundMessage[] {
    const found = [...this.#stored.values()].filter(
      ({ topic, timestampMs }) => topics.includes(topic) && timestampMs >= fromMs && timestampMs <= toMs,
    );
    return this.answerHistory(found.sort((a, b) => a.timestampMs - b.timestampMs));
  }
}

/** What a service node has of a message: a copy, named by a hash of topic, time and payload. */
export function inMemory({ topic, payload, timestampMs }: OutboundMessage): InboundMessage {
  const hash = digest128(new TextEncoder().encode(`${topic} ${timestampMs} `), payload);
  return { topic, payload: payload.slice(), timestampMs, hash };
}

export class MemoryDelivery implements DeliveryService {
  readonly #network: MemoryNetwork;
  readonly #observers = new Set<(health: HealthStatus) => void>();
  readonly #subscriptions = new Set<{ listener: Listener; stop: () => void }>();
  #health: HealthStatus = "connected";

  constructor(network: MemoryNetwork) {
    this.#network = network;
  }

  get health(): HealthStatus {
    return this.#health;
  }

  /** Cuts or restores the connection. */
  setHealth(health: HealthStatus): void {
    if (health === this.#health) return;
    this.#health = health;
    for (const subscription of this.#subscriptions) {
      subscription.stop();
      if (health === "connected") subscription.stop = this.#network.listen(subscription.listener);
    }
    for (const observe of this.#observers) observe(health);
  }

  async publish(message: OutboundMessage) {
    this.#checkConnected();
    return { messageHash: this.#network.publish(message) };
  }

  async subscribe(topics: readonly string[], onMessage: (message: InboundMessage) => void) {
    const listener = { topics, onMessage };
    const stop = this.#health === "connected" ? this.#network.listen(listener) : () => {};
    const subscription = { listener, stop };
    this.#subscriptions.add(subscription);
    return {
      close: async () => {
        subscription.stop();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  async *query(topics: readonly string[], range: TimeRange) {
    this.#checkConnected();
    yield* this.#network.history(topics, range);
  }

  onHealthChange(observe: (health: HealthStatus) => void) {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  async close(): Promise<void> {
    this.setHealth("disconnected");
  }

  #checkConnected(): void {
    if (this.#health === "connected") return;
    throw new ChatError("PEER_UNREACHABLE", "this connection is cut", { retryable: true });
  }
}
