/**
 * Finds service nodes by a discovery: at the beginning, and again whenever nobody answers for a while, because those that
 * were found may have moved.
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { PeerDiscovery } from "../discovery.ts";
import type { ServiceNodes } from "./service-nodes.ts";

/** Of those that are found; those that are given are all used. */
const MOST_FOUND = 4;
const LOOK_EVERY_MS = 60_000;

export type FinderDeps = {
  readonly clock: Clock;
  readonly nodes: ServiceNodes;
  readonly discovery: PeerDiscovery;
  /** Whether any service node answers. */
  readonly isConnected: () => boolean;
};

export class Finder {
  readonly #deps: FinderDeps;
  readonly #found = new Set<string>();
  #looking = new AbortController();
  #cancelLook: () => void = () => {};
  #isClosed = false;

  constructor(deps: FinderDeps) {
    this.#deps = deps;
  }

  /** Resolves with undefined when a node was found and is connected, or with the reason why none is. */
  async find(): Promise<unknown> {
    const { discovery, nodes } = this.#deps;
    this.#lookLater();
    this.#looking.abort(); // the look before, if it has no end
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    nodes.dropUnreachable(this.#found);
    this.#found.clear();
    const dials: Promise<unknown>[] = [];
    let problem: unknown = new Error("no service node was found");
    try {
      for await (const address of discovery.find(signal)) {
        if (signal.aborted || dials.length >= MOST_FOUND) break;
        this.#found.add(address);
        dials.push(nodes.add(address));
      }
    } catch (error) {
      problem = error;
    }
    const problems = await Promise.all(dials);
    return problems.includes(undefined) ? undefined : (problems[0] ?? problem);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    this.#looking.abort();
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#cancelLook();
    this.#cancelLook = this.#deps.clock.after(LOOK_EVERY_MS, () => {
      if (this.#deps.isConnected()) this.#lookLater();
      else void this.find();
    });
  }
}
