/**
 * A delivery service that outlives those who use it, and holds every transmission against the rules: it is the account
 * that a network of RLN relays would keep.
 * @module
 */
import { createHash } from "node:crypto";
import type { Random } from "../random.ts";
import { type Answer, bytesFor, type FromChild } from "./protocol.ts";

type Transmission = Extract<FromChild, { kind: "deliver" }>;

export class DeliveryLedger {
  readonly #limit: number;
  readonly #random: Random;
  /** By epoch, then by index: the hash that it belongs to. */
  readonly #slots = new Map<number, Map<number, string>>();
  readonly #receipts = new Map<string, Set<string>>();
  readonly #refused = new Set<string>();
  readonly #seen = new Set<string>();
  transmissions = 0;
  /** Of bytes that were transmitted before. */
  repeated = 0;

  constructor(limit: number, random: Random) {
    this.#limit = limit;
    this.#random = random;
  }

  get epochs(): number {
    return this.#slots.size;
  }

  get fullestEpoch(): number {
    return Math.max(0, ...[...this.#slots.values()].map(({ size }) => size));
  }

  /** Whether it was transmitted, whatever the answer. */
  hasSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  hasRefused(id: string): boolean {
    return this.#refused.has(id);
  }

  gave(id: string, receipt: string): boolean {
    return this.#receipts.get(id)?.has(receipt) ?? false;
  }

  /** Throws when it breaks a rule. */
  record({ id, epoch, index, hash }: Transmission): void {
    const where = `${id} in epoch ${epoch}`;
    if (hash !== createHash("sha256").update(bytesFor(id)).digest("hex")) throw new Error(`${where}: not its bytes`);
    if (index < 0 || index >= this.#limit) throw new Error(`${where}: want an index < ${this.#limit}, got ${index}`);
    const slots = this.#slots.get(epoch) ?? new Map<number, string>();
    this.#slots.set(epoch, slots);
    const owner = slots.get(index);
    if (owner !== undefined && owner !== hash) throw new Error(`${where}: index ${index} belongs to other bytes`);
    slots.set(index, hash);
    if (slots.size > this.#limit) throw new Error(`${where}: want ≤ ${this.#limit} messages, got ${slots.size}`);
    this.transmissions += 1;
    if (this.#seen.has(id)) this.repeated += 1;
    this.#seen.add(id);
  }

  /** Most are taken; of the others some are taken as well, and the answer says that they are not. */
  answer(id: string): Answer {
    const chance = this.#random.below(100);
    if (chance < 2) {
      this.#refused.add(id);
      return { kind: "refused", isTemporary: false };
    }
    if (chance < 10) return { kind: "refused", isTemporary: true };
    const receipt = `receipt ${this.transmissions} of ${id}`;
    const receipts = this.#receipts.get(id) ?? new Set();
    this.#receipts.set(id, receipts.add(receipt));
    return chance < 18 ? { kind: "refused", isTemporary: true } : { kind: "taken", receipt };
  }
}
