/**
 * Messages for us as a sign of health: how far our clock is from those of others, and what only the history had.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { InboundMessage } from "../delivery/delivery-service.ts";

const REMEMBERED = 51;

export class LiveMessages {
  readonly #clock: Clock;
  readonly #aheadMs: number[] = [];
  #count = 0;
  #missed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A message that the subscription brought. */
  see({ timestampMs }: InboundMessage): void {
    this.#count += 1;
    this.#aheadMs.push(this.#clock.nowMs() - timestampMs);
    if (this.#aheadMs.length > REMEMBERED) this.#aheadMs.shift();
  }

  /** A message that only the history had, while the connection was there. */
  miss(): void {
    this.#missed += 1;
  }

  get count(): number {
    return this.#count;
  }

  get missed(): number {
    return this.#missed;
  }

  /** How far our clock is ahead of the timestamps of messages that have just arrived: a median; undefined before any. */
  get aheadMs(): number | undefined {
    return this.#aheadMs.toSorted((a, b) => a - b)[this.#aheadMs.length >> 1];
  }
}
