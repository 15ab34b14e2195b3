/**
 * Looks for what a validator of RLN would refuse or slash for: a place of an epoch that is used for two messages, or that
 * is beyond the limit.
 * @module
 */
import type { Published } from "./simulated-network.ts";
import type { Simulation } from "./simulation.ts";

export class QuotaWatch {
  readonly findings: string[] = [];
  readonly #messagesPerEpoch: number;
  readonly #hashOf = new Map<string, string>();

  /** @param messagesPerEpoch - the limit of everybody in the simulation */
  constructor(simulation: Simulation, messagesPerEpoch: number) {
    this.#messagesPerEpoch = messagesPerEpoch;
    simulation.network.observe((message) => this.#see(message));
  }

  #see({ slot, hash, sender }: Published): void {
    const place = `${sender}, epoch ${slot?.epoch}, index ${slot?.index}`;
    const limit = this.#messagesPerEpoch;
    if (slot === undefined || slot.index >= limit) this.findings.push(`${place}: not a place of ${limit}`);
    if ((this.#hashOf.get(place) ?? hash) !== hash) this.findings.push(`${place}: used for two messages`);
    this.#hashOf.set(place, hash);
  }
}
