/**
 * What the subscription brought of late, to be compared with what the store nodes have: only so shows a service node that
 * answers pings and drops messages.
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { InboundMessage } from "../delivery-service.ts";

const REMEMBERED = 10_000;
/** Timestamps are cut to the second, and clocks differ a little. */
const AFTER_BEGIN_MS = 10_000;
/** It may be on its way. */
const BEFORE_NOW_MS = 10_000;

export class LiveHashes {
  readonly #clock: Clock;
  readonly #arrivedAtMs = new Map<string, number>();
  /** What arrived until then is not remembered any more. */
  #forgottenMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(hash: string): void {
    this.#arrivedAtMs.set(hash, this.#clock.nowMs());
    if (this.#arrivedAtMs.size <= REMEMBERED) return;
    for (const [oldest, atMs] of this.#arrivedAtMs) {
      this.#arrivedAtMs.delete(oldest);
      this.#forgottenMs = atMs;
      break;
    }
  }

  /** @param sinceMs - when the subscription began that should have brought it */
  wasMissed({ hash, timestampMs }: InboundMessage, sinceMs: number | undefined): boolean {
    if (sinceMs === undefined || timestampMs < Math.max(sinceMs, this.#forgottenMs) + AFTER_BEGIN_MS) return false;
    return timestampMs < this.#clock.nowMs() - BEFORE_NOW_MS && !this.#arrivedAtMs.has(hash);
  }
}
