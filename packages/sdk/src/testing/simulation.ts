/**
 * A world in which chat clients run for days in seconds, and everything that can go wrong does so by a seed.
 * @module
 */
import { digest128 } from "../digest.ts";
import type { Conditions } from "./conditions.ts";
import { Scheduler } from "./scheduler.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type NetworkOptions, type Published, SimulatedNetwork } from "./simulated-network.ts";
import { type PersonOptions, SimulatedPerson } from "./simulated-person.ts";

const START_MS = Date.UTC(2026, 0, 1);
/** Longer than anything a client does before it answers. */
const RUN_LIMIT_MS = 7 * 24 * 60 * 60 * 1000;

export type SimulationOptions = NetworkOptions & {
  /** 0 to 2^32 - 1: the same seed is the same world, byte for byte. */
  readonly seed: number;
};

export class Simulation implements AsyncDisposable {
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly #scheduler = new Scheduler(START_MS);
  readonly #seed: number;
  readonly #people: SimulatedPerson[] = [];
  #published = 0;
  #digest = "";

  constructor({ seed, ...network }: SimulationOptions) {
    this.#seed = seed;
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork(this.#scheduler, new SeededRandom(seed, 1), network);
    this.network.observe((message) => this.#note(message));
  }

  /** Milliseconds since the Unix epoch; it begins with 2026. */
  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  /** Messages that have reached the network. */
  get publishedCount(): number {
    return this.#published;
  }

  /** Of every message that has reached the network, with its time: equal for equal seeds. */
  get digest(): string {
    return this.#digest;
  }

  /** A new account whose process runs. */
  async person(name: string, options: PersonOptions = {}): Promise<SimulatedPerson> {
    const random = new SeededRandom(this.#seed, 2 + this.#people.length);
    const person = new SimulatedPerson(name, { scheduler: this.#scheduler, network: this.network, random }, options);
    this.#people.push(person);
    await this.run(() => person.start());
    return person;
  }

  /** Lets time pass until the work has ended: for everything that waits for a client. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#scheduler.until(work(), RUN_LIMIT_MS);
  }

  pass(durationMs: number): Promise<void> {
    return this.#scheduler.pass(durationMs);
  }

  /** Runs `task` when so much time has passed. */
  after(delayMs: number, task: () => void): void {
    this.#scheduler.after(delayMs, task);
  }

  setConditions(conditions: Partial<Conditions>): void {
    this.network.conditions = { ...this.network.conditions, ...conditions };
  }

  /** Takes a service node from the network, or brings it back. */
  setUp(node: number, isUp: boolean, options: { readonly forgets?: boolean } = {}): void {
    this.network.setUp(node, isUp, options);
    for (const person of this.#people) person.look();
  }

  /** Ends all processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const person of this.#people) person.crash();
  }

  #note({ hash, atMs }: Published): void {
    this.#published += 1;
    this.#digest = digest128(new TextEncoder().encode(`${this.#digest} ${atMs} ${hash}`));
  }
}
