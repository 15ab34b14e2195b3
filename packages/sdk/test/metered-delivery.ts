/** A connection in memory that checks what it is given as an RLN validator would. @module */
import type { Clock, OutboundMessage } from "@chat/sdk";
import { MemoryDelivery, type MemoryNetwork } from "@chat/sdk/testing";
import { equalBytes } from "../src/bytes.ts";

const EPOCH_MS = 600_000;

export type Metered = { readonly message: OutboundMessage; readonly atMs: number };

export class MeteredDelivery extends MemoryDelivery {
  /** Every call, taken or not. */
  readonly calls: Metered[] = [];
  /** What the next calls end with instead of being published. */
  readonly failures: (() => Error)[] = [];
  readonly #clock: Clock;

  constructor(network: MemoryNetwork, clock: Clock) {
    super(network);
    this.#clock = clock;
  }

  override async publish(message: OutboundMessage) {
    this.calls.push({ message, atMs: this.#clock.nowMs() });
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure();
    return super.publish(message);
  }

  callsSince(atMs: number): Metered[] {
    return this.calls.filter((call) => call.atMs >= atMs);
  }

  /** What a validator would slash or refuse for, in words; empty if all is well. */
  offences(limit: number): string[] {
    const bySlot = new Map<string, Uint8Array>();
    return this.calls.flatMap(({ message: { slot, payload, timestampMs }, atMs }) => {
      if (slot === undefined) return ["a message without a slot"];
      const { epoch, index } = slot;
      const name = `epoch ${epoch}, index ${index}`;
      const other = bySlot.get(name);
      bySlot.set(name, payload);
      const found: string[] = [];
      if (index < 0 || index >= limit) found.push(`${name}: over the limit of ${limit}`);
      if (epoch !== Math.floor(atMs / EPOCH_MS)) found.push(`${name}: sent in another epoch`);
      if (timestampMs > atMs) found.push(`${name}: a timestamp of the future`);
      if (other !== undefined && !equalBytes(other, payload)) found.push(`${name}: used for two messages`);
      return found;
    });
  }
}
