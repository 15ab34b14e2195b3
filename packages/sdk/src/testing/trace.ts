/**
 * What happened in a simulation, line by line, and a digest of all lines: equal seeds give equal bytes.
 * @module
 */
import { BLAKE2b } from "@stablelib/blake2b";
import { toHex } from "../bytes.ts";
import type { Scheduler } from "./scheduler.ts";

const DIGEST_BYTES = 16;
const encoder = new TextEncoder();

export class Trace {
  readonly #scheduler: Scheduler;
  readonly #hash = new BLAKE2b(DIGEST_BYTES);
  readonly #startMs: number;
  readonly #write: ((line: string) => void) | undefined;

  /** @param write - takes each line; without it, lines are only digested */
  constructor(scheduler: Scheduler, write?: (line: string) => void) {
    this.#scheduler = scheduler;
    this.#startMs = scheduler.nowMs;
    this.#write = write;
  }

  /** Notes what somebody does, or what happens to it, now. */
  note(who: string, what: string): void {
    const line = `${((this.#scheduler.nowMs - this.#startMs) / 1000).toFixed(6)} ${who} ${what}`;
    this.#hash.update(encoder.encode(`${line}\n`));
    this.#write?.(line);
  }

  /** Of all lines until now. */
  get digest(): string {
    const copy = new BLAKE2b(DIGEST_BYTES);
    copy.restoreState(this.#hash.saveState());
    return toHex(copy.digest());
  }
}
