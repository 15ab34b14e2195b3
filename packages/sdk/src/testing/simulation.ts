/**
 * A world in which chat clients run for days in seconds, and everything that can go wrong does so by a seed.
 * @module
 */
import { CALM, type Conditions } from "./conditions.ts";
import type { Fault } from "./faults.ts";
import { Scheduler } from "./scheduler.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type NetworkOptions, SimulatedNetwork } from "./simulated-network.ts";
import { type PersonOptions, SimulatedPerson } from "./simulated-person.ts";
import { Trace } from "./trace.ts";

const START_MS = Date.UTC(2026, 0, 1);
/** Longer than anything a client does before it answers. */
const RUN_LIMIT_MS = 7 * 24 * 60 * 60 * 1000;

export type SimulationOptions = NetworkOptions & {
  /** 0 to 2^32 - 1: the same seed is the same world, byte for byte. */
  readonly seed: number;
  /** Takes what happens, line by line: who publishes and hears what, whose process, node or connection comes and goes. */
  readonly trace?: (line: string) => void;
};

export class Simulation implements AsyncDisposable {
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly #scheduler = new Scheduler(START_MS);
  readonly #seed: number;
  readonly #trace: Trace;
  readonly #people: SimulatedPerson[] = [];
  #published = 0;

  constructor({ seed, trace, ...network }: SimulationOptions) {
    this.#seed = seed;
    this.#trace = new Trace(this.#scheduler, trace);
    this.random = new SeededRandom(seed);
    const world = { scheduler: this.#scheduler, random: new SeededRandom(seed, 1), trace: this.#trace };
    this.network = new SimulatedNetwork(world, network);
    this.network.observe(() => {
      this.#published += 1;
    });
  }

  /** Milliseconds since the Unix epoch; it begins with 2026. */
  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  /** Messages that have reached the network. */
  get publishedCount(): number {
    return this.#published;
  }

  /** Of everything that {@link SimulationOptions.trace} is told, and so of every byte on the network: equal for equal seeds. */
  get digest(): string {
    return this.#trace.digest;
  }

  /** A new account whose process runs. */
  async person(name: string, options: PersonOptions = {}): Promise<SimulatedPerson> {
    const random = new SeededRandom(this.#seed, 2 + this.#people.length);
    const world = { scheduler: this.#scheduler, network: this.network, trace: this.#trace, random };
    const person = new SimulatedPerson(name, world, options);
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

  /** Lets it happen, when its time has come. */
  plan(fault: Fault): void {
    this.after(fault.atMs, () => this.#inflict(fault));
  }

  /**
   * Nothing goes wrong any more: all nodes are up and together, everybody is online, no process ends, and nothing is lost.
   * Whoever is down starts again at the time that was planned.
   */
  calmDown(): void {
    const { delayMs } = this.network.conditions;
    this.setConditions({ ...CALM, delayMs });
    this.network.partition();
    for (let node = 0; node < this.network.nodeCount; node += 1) this.setUp(node, true);
    for (const person of this.#people) {
      person.setOffline(false);
      person.crashAfter(Number.POSITIVE_INFINITY);
    }
  }

  /** Ends all processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const person of this.#people) person.crash();
  }

  #inflict(fault: Fault): void {
    switch (fault.kind) {
      case "crash":
        this.#person(fault.person).crashAfter(fault.steps, fault.downMs);
        break;
      case "offline":
        this.#person(fault.person).setOffline(true);
        this.after(fault.durationMs, () => this.#person(fault.person).setOffline(false));
        break;
      case "clock jump":
        this.#person(fault.person).jumpClock(fault.byMs);
        break;
      case "partition":
        this.network.partition([[0], Array.from({ length: this.network.nodeCount - 1 }, (_, index) => index + 1)]);
        this.after(fault.durationMs, () => this.network.partition());
        break;
      case "node down":
        this.setUp(fault.node, false, { forgets: fault.forgets });
        this.after(fault.durationMs, () => this.setUp(fault.node, true));
        break;
    }
  }

  #person(name: string): SimulatedPerson {
    const person = this.#people.find((each) => each.name === name);
    if (person === undefined) throw new RangeError(`person: want one of this simulation, got ${name}`);
    return person;
  }
}
