/**
 * The connection of one life to the simulated network.
 * @module
 */
import type {
  DeliveryService,
  HealthStatus,
  InboundMessage,
  OutboundMessage,
  PublishReceipt,
  Subscription,
  TimeRange,
} from "../delivery/delivery-service.ts";
import { ChatError } from "../errors.ts";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Listener, SimulatedNetwork } from "./simulated-network.ts";
import type { Trace } from "./trace.ts";

/** After so long without an answer, a push or a query has failed. */
const ANSWER_TIMEOUT_MS = 15_000;
const QUERY_PAGE = 100;

type World = {
  readonly scheduler: Scheduler;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  readonly name: string;
};

export class SimulatedDelivery implements DeliveryService {
  readonly #world: World;
  readonly #life: Life;
  readonly #nodes: readonly number[];
  readonly #observers = new Set<(health: HealthStatus) => void>();
  readonly #listeners = new Set<{ readonly listener: Listener; stop: () => void }>();
  #isCut = false;
  #known: HealthStatus = "connected";

  /** @param nodes - service nodes that it uses: it listens at all that are up, and asks the first of those */
  constructor(world: World, life: Life, nodes: readonly number[]) {
    this.#world = world;
    this.#life = life;
    this.#nodes = nodes;
  }

  get health(): HealthStatus {
    return this.#node() === undefined ? "disconnected" : "connected";
  }

  onHealthChange(observe: (health: HealthStatus) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  /** Cuts the connection, or brings it back. */
  cut(isCut: boolean): void {
    this.#isCut = isCut;
    this.look();
  }

  /** Call it when nodes go or come. */
  look(): void {
    for (const subscription of this.#listeners) {
      subscription.stop();
      if (!this.#life.isOver) subscription.stop = this.#listen(subscription.listener);
    }
    if (this.health === this.#known || !this.#life.step()) return;
    this.#known = this.health;
    for (const observe of this.#observers) observe(this.#known);
  }

  publish(message: OutboundMessage): Promise<PublishReceipt> {
    const { network, name } = this.#world;
    return this.#life.ask(async () => {
      const node = this.#nodeOrFail();
      if (network.chance("publishLoss")) return this.#noAnswer();
      await this.#wait(network.delayMs());
      if (this.#node() !== node) return this.#noAnswer();
      const messageHash = network.accept(node, name, message);
      if (network.chance("answerLoss")) return this.#noAnswer();
      await this.#wait(network.delayMs());
      return { messageHash };
    });
  }

  async subscribe(topics: readonly string[], onMessage: (message: InboundMessage) => void): Promise<Subscription> {
    const take = (message: InboundMessage) => {
      if (!this.#life.step()) return;
      this.#world.trace.note(this.#world.name, `hears ${message.hash}`);
      onMessage(message);
    };
    const listener = { topics, onMessage: take };
    const subscription = { listener, stop: this.#listen(listener) };
    this.#listeners.add(subscription);
    return {
      close: async () => {
        subscription.stop();
        this.#listeners.delete(subscription);
      },
    };
  }

  query(topics: readonly string[], range: TimeRange): AsyncIterable<InboundMessage> {
    return this.#life.read(this.#pages(topics, range));
  }

  async *#pages(topics: readonly string[], range: TimeRange): AsyncGenerator<InboundMessage, void, undefined> {
    const { network } = this.#world;
    const node = this.#nodeOrFail();
    const history = network.history(node, topics, range);
    for (let start = 0; start === 0 || start < history.length; start += QUERY_PAGE) {
      await this.#wait(2 * network.delayMs());
      if (this.#node() !== node || network.chance("queryFailure")) await this.#noAnswer();
      yield* history.slice(start, start + QUERY_PAGE);
    }
  }

  async close(): Promise<void> {
    this.cut(true);
  }

  #listen(listener: Listener): () => void {
    const up = this.#isCut ? [] : this.#nodes.filter((node) => this.#world.network.isUp(node));
    const stops = up.map((node) => this.#world.network.listen(node, listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  #node(): number | undefined {
    return this.#isCut ? undefined : this.#nodes.find((node) => this.#world.network.isUp(node));
  }

  #nodeOrFail(): number {
    const node = this.#node();
    if (node === undefined) throw unreachable();
    return node;
  }

  async #noAnswer(): Promise<never> {
    await this.#wait(ANSWER_TIMEOUT_MS);
    throw unreachable();
  }

  #wait(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.#world.scheduler.after(durationMs, resolve));
  }
}

function unreachable(): ChatError {
  return new ChatError("PEER_UNREACHABLE", "no service node answers in this simulation", { retryable: true });
}
