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

export type PersonOptions = Partial<Omit<ChatClientOptions, "database" | "network" | "clock">> & {
  /** What outlives a crash. @default a store in memory */
  readonly store?: Store;
  /** Service nodes that it uses. @default all */
  readonly nodes?: readonly number[];
  /** How far its clock is ahead of the true time. @default 0 */
  readonly skewMs?: number;
  /** Mean time of a durable write. @default 0 */
  readonly writeMs?: number;
};

type World = { readonly scheduler: Scheduler; readonly network: SimulatedNetwork; readonly random: SeededRandom };

export class SimulatedPerson {
  readonly name: string;
  readonly store: Store;
  /** Called at a crash that `crashAfter` planned. */
  onCrash: () => void = () => {};
  readonly #world: World;
  readonly #options: PersonOptions;
  #skewMs: number;
  #life: Life | undefined;
  #delivery: SimulatedDelivery | undefined;
  #client: ChatClient | undefined;
  #isOffline = false;
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
    const { scheduler, network, random } = this.#world;
    const { store: _, nodes, skewMs: __, writeMs = 0, ...options } = this.#options;
    const life = new Life(() => this.#ended(life));
    const used = nodes ?? Array.from({ length: network.nodeCount }, (_node, index) => index);
    const delivery = new SimulatedDelivery({ scheduler, network, name: this.name }, life, used);
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
    return client;
  }

  /** Ends the process as a power cut does: nothing of it runs any more. */
  crash(): void {
    const life = this.#life;
    life?.end();
    if (life !== undefined) this.#forget();
  }

  /** Ends it so after so many more steps: what it asks disk, network or clock, and what they answer. */
  crashAfter(steps: number): void {
    this.#life?.endAfter(steps);
  }

  /** Closes the client and ends the process. */
  async stop(): Promise<void> {
    await this.#client?.close();
    this.crash();
  }

  /** Takes it from the network, or brings it back; also a process that is started later. */
  setOffline(isOffline: boolean): void {
    this.#isOffline = isOffline;
    this.#delivery?.cut(isOffline);
  }

  /** The true time, as `Simulation.nowMs`. */
  get nowMs(): number {
    return this.#world.scheduler.nowMs;
  }

  /** The true time when its clock jumped last; `-Infinity` if it never did. */
  get jumpedAtMs(): number {
    return this.#jumpedAtMs;
  }

  /** Sets its clock forward or back. */
  jumpClock(byMs: number): void {
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
    this.onCrash();
  }

  #forget(): void {
    this.#delivery?.cut(true);
    this.#life = undefined;
    this.#client = undefined;
    this.#delivery = undefined;
  }
}
