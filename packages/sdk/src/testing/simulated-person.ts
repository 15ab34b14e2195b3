/**
 * One account in a simulation: its disk outlives its processes.
 * @module
 */
import { openMemoryStore, type Store } from "@chat/store";
import { ChatClient } from "../client.ts";
import type { ChatClientOptions } from "../options.ts";
import { RANDOM_SOURCE, type RandomSource } from "../random-source.ts";
import { Life } from "./life.ts";
import { storeOf } from "./life-store.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { SimulatedDelivery } from "./simulated-delivery.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { Trace } from "./trace.ts";

export type PersonOptions = Partial<Omit<ChatClientOptions, "database" | "network" | "clock">> & {
  /** What outlives a crash. @default a store in memory */
  readonly store?: Store;
  /** Service nodes that it uses. @default all */
  readonly nodes?: readonly number[];
  /** How far its clock is ahead of the true time. @default 0 */
  readonly skewMs?: number;
  /** Mean time of a durable write. @default 0 */
  readonly writeMs?: number;
  /** What its application does in each life of its process. What it throws goes to `errors`. */
  readonly app?: (client: ChatClient) => Promise<void>;
};

type World = {
  readonly scheduler: Scheduler;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  readonly random: SeededRandom;
};

export class SimulatedPerson {
  readonly name: string;
  readonly store: Store;
  /** What its application, or a start after a planned crash, has thrown. */
  readonly errors: unknown[] = [];
  readonly #startListeners = new Set<(client: ChatClient) => void>();
  readonly #world: World;
  readonly #options: PersonOptions;
  #skewMs: number;
  #life: Life | undefined;
  #delivery: SimulatedDelivery | undefined;
  #client: ChatClient | undefined;
  #isOffline = false;
  #crashes = 0;
  #downMs: number | undefined;
  #interruptedAtMs = Number.NEGATIVE_INFINITY;
  #jumpedAtMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, world: World, options: PersonOptions) {
    this.name = name;
    this.#world = world;
    this.#options = options;
    this.#skewMs = options.skewMs ?? 0;
    this.store = options.store ?? openMemoryStore();
  }

  /** @throws Error while no process runs */
  get client(): ChatClient {
    if (this.#client === undefined) throw new Error(`${this.name}: want a process that runs, got none; start() it`);
    return this.#client;
  }

  get isRunning(): boolean {
    return this.#client !== undefined;
  }

  /** Starts a process on the disk. Time has to pass for it: see `Simulation.run`. */
  async start(): Promise<ChatClient> {
    if (this.#life !== undefined) throw new Error(`${this.name}: want no process, got one that runs`);
    const { scheduler, network, trace, random } = this.#world;
    const { store: _, nodes, skewMs: __, writeMs = 0, app, ...options } = this.#options;
    const life = new Life(() => this.#ended(life));
    const used = nodes ?? Array.from({ length: network.nodeCount }, (_node, index) => index);
    const delivery = new SimulatedDelivery({ scheduler, network, trace, name: this.name }, life, used);
    delivery.onHealthChange(() => this.#interrupted());
    trace.note(this.name, "starts");
    this.#life = life;
    this.#delivery = delivery;
    delivery.cut(this.#isOffline);
    const given: ChatClientOptions & RandomSource = {
      ...options,
      database: storeOf(life, this.store, { scheduler, random, writeMs }),
      network: delivery,
      clock: life.clock(scheduler, () => this.#skewMs),
      [RANDOM_SOURCE]: (length) => random.bytes(length),
    };
    const client = await ChatClient.create(given);
    this.#client = client;
    app?.(client).catch((error: unknown) => this.errors.push(error));
    for (const listener of this.#startListeners) listener(client);
    return client;
  }

  /** Called with the client of each process that starts from now on. */
  onStart(listener: (client: ChatClient) => void): void {
    this.#startListeners.add(listener);
  }

  /** Ends the process as a power cut does: nothing of it runs any more. */
  crash(): void {
    const life = this.#life;
    life?.end();
    if (life !== undefined) this.#forget();
  }

  /**
   * Ends it so after so many more steps: what it asks disk, network or clock, and what they answer.
   *
   * @param downMs - after which it starts again; absent: it does not
   */
  crashAfter(steps: number, downMs?: number): void {
    this.#downMs = downMs;
    this.#life?.endAfter(steps);
  }

  /** Planned ones that came. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Closes the client and ends the process. */
  async stop(): Promise<void> {
    await this.#client?.close();
    this.crash();
  }

  /** Takes it from the network, or brings it back; also a process that is started later. */
  setOffline(isOffline: boolean): void {
    this.#world.trace.note(this.name, isOffline ? "goes offline" : "comes online");
    this.#isOffline = isOffline;
    this.#delivery?.cut(isOffline);
  }

  /** How far its clock is ahead of the true time. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** The true time, as `Simulation.nowMs`. */
  get nowMs(): number {
    return this.#world.scheduler.nowMs;
  }

  /** The true time when its process last ended or its connection came or went; `-Infinity` if never. */
  get interruptedAtMs(): number {
    return this.#interruptedAtMs;
  }

  /** The true time when its clock jumped last; `-Infinity` if it never did. */
  get jumpedAtMs(): number {
    return this.#jumpedAtMs;
  }

  /** Sets its clock forward or back. */
  jumpClock(byMs: number): void {
    this.#world.trace.note(this.name, `clock jumps by ${byMs}`);
    this.#skewMs += byMs;
    this.#jumpedAtMs = this.nowMs;
  }

  /** Tells its connection that service nodes have gone or come. */
  look(): void {
    this.#delivery?.look();
  }

  #ended(life: Life): void {
    if (this.#life !== life) return;
    this.#forget();
    this.#crashes += 1;
    if (this.#downMs === undefined) return;
    this.#world.scheduler.after(1 + this.#downMs, () => {
      if (this.#life === undefined) this.start().catch((error: unknown) => this.errors.push(error));
    });
  }

  #interrupted(): void {
    this.#interruptedAtMs = this.nowMs;
  }

  #forget(): void {
    this.#world.trace.note(this.name, "ends");
    this.#interrupted();
    this.#delivery?.cut(true);
    this.#life = undefined;
    this.#client = undefined;
    this.#delivery = undefined;
  }
}
