/**
 * Faults on demand: what a network does to an app on a bad day, whenever a test wants it.
 * @module
 */
import { DevnetError } from "./errors.ts";

export interface FaultOptions {
  /** The share of messages that are not passed on, to each subscriber and to the other nodes: 0 to 1. @default 0 */
  readonly loss?: number;
  /** The share of messages that a subscriber gets twice: 0 to 1. @default 0 */
  readonly duplication?: number;
  /** How long messages wait before they are passed on: a number, or a range to draw from. @default 0 */
  readonly delayMs?: number | readonly [minMs: number, maxMs: number];
  /** Light push refuses with this status instead of taking the message: 400 to 599. @default nothing is refused */
  readonly refuseWith?: number;
  /** The share of pushes that are refused: 0 to 1. @default 1 */
  readonly refusal?: number;
  /** Pushes are acknowledged and not stored, and history is empty, as long as this is set. @default false */
  readonly amnesia?: boolean;
  /** The same seed draws the same faults for the same messages: 0 to 4,294,967,295. @default 1 */
  readonly seed?: number;
}

const NONE = { loss: 0, duplication: 0, delayMs: [0, 0], refusal: 1, amnesia: false } as const;
const MAX_DELAY_MS = 3_600_000;

type Resolved = Required<Omit<FaultOptions, "seed" | "refuseWith" | "delayMs">> & {
  readonly delayMs: readonly [number, number];
  readonly refuseWith?: number;
};

/** The faults of one node. */
export class Faults {
  #chosen: Resolved = NONE;
  #random: () => number = () => 1;
  readonly #onLoss: () => void;
  readonly #waiting = new Set<NodeJS.Timeout>();

  /** @param onLoss - called for each message that is lost on purpose */
  constructor(onLoss: () => void) {
    this.#onLoss = onLoss;
  }

  /**
   * Replaces what was set before; `{}` ends all faults.
   * @throws {@link DevnetError} `INVALID_OPTION`
   */
  set(options: FaultOptions): void {
    const { seed = 1, delayMs = 0, ...rest } = options;
    const [minMs, maxMs] = typeof delayMs === "number" ? [delayMs, delayMs] : delayMs;
    const { loss, duplication, refusal } = { ...NONE, ...rest };
    for (const [name, share] of Object.entries({ loss, duplication, refusal })) {
      if (!(share >= 0 && share <= 1)) throw invalid(name, "a share from 0 to 1", share);
    }
    if (!(minMs >= 0 && minMs <= maxMs && maxMs <= MAX_DELAY_MS)) {
      throw invalid("delayMs", `0 to ${MAX_DELAY_MS}, the smaller first`, `${minMs}, ${maxMs}`);
    }
    const { refuseWith } = rest;
    if (refuseWith !== undefined && !(Number.isInteger(refuseWith) && refuseWith >= 400 && refuseWith <= 599)) {
      throw invalid("refuseWith", "a status from 400 to 599", refuseWith);
    }
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= 0xffff_ffff)) throw invalid("seed", "32 bits", seed);
    this.#chosen = { ...NONE, ...rest, delayMs: [minMs, maxMs] };
    this.#random = randomFrom(seed);
  }

  get amnesia(): boolean {
    return this.#chosen.amnesia;
  }

  /** The status to refuse the next push with, if it is to be refused. */
  refusal(): number | undefined {
    const { refuseWith, refusal } = this.#chosen;
    return refuseWith !== undefined && this.#happens(refusal) ? refuseWith : undefined;
  }

  /** Calls `deliver` once, not at all, or twice; now or later. */
  passOn(deliver: () => void): void {
    const { loss, duplication } = this.#chosen;
    if (this.#happens(loss)) {
      this.#onLoss();
      return;
    }
    this.#later(deliver);
    if (this.#happens(duplication)) this.#later(deliver);
  }

  /** Drops what still waits. */
  clear(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random() < share;
  }

  #later(deliver: () => void): void {
    const [minMs, maxMs] = this.#chosen.delayMs;
    if (maxMs === 0) {
      deliver();
      return;
    }
    const timer = setTimeout(
      () => {
        this.#waiting.delete(timer);
        deliver();
      },
      minMs + this.#random() * (maxMs - minMs),
    );
    this.#waiting.add(timer);
  }
}

function invalid(name: string, wanted: string, got: unknown): DevnetError {
  return new DevnetError("INVALID_OPTION", `faults.${name}: want ${wanted}, got ${got}`);
}

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
