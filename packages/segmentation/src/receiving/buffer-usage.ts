/**
 * What the waiting sets cost, in all and for each sender that was named.
 * @module
 */
import type { PartialSet } from "./partial-set.ts";

type Usage = { bytes: number; sets: number };

export class BufferUsage {
  readonly #costs = new Map<PartialSet, number>();
  readonly #ofSender = new Map<string, Usage>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  of(sender: string): Readonly<Usage> {
    return this.#ofSender.get(sender) ?? { bytes: 0, sets: 0 };
  }

  /** Counts a set as what it costs now. */
  set(set: PartialSet): void {
    const before = this.#costs.get(set);
    this.#costs.set(set, set.cost);
    this.#add(set.sender, set.cost - (before ?? 0), before === undefined ? 1 : 0);
  }

  delete(set: PartialSet): void {
    const cost = this.#costs.get(set);
    if (cost === undefined) return;
    this.#costs.delete(set);
    this.#add(set.sender, -cost, -1);
  }

  #add(sender: string | undefined, bytes: number, sets: number): void {
    this.#bytes += bytes;
    if (sender === undefined) return;
    const usage = this.#ofSender.get(sender) ?? { bytes: 0, sets: 0 };
    const next = { bytes: usage.bytes + bytes, sets: usage.sets + sets };
    if (next.sets === 0) this.#ofSender.delete(sender);
    else this.#ofSender.set(sender, next);
  }
}
