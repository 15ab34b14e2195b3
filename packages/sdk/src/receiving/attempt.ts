/**
 * One try to process a message; it can be repeated until the message is durable.
 * @module
 */
import type { DiscardReason } from "./discard-counters.ts";

/** `early`: it is held until what it follows has arrived. */
export type Outcome = "durable" | "early" | DiscardReason;

export type Attempt = (how: HowToTake) => Promise<Outcome>;

export type HowToTake = {
  /** Whether a message that came too early may wait. */
  readonly mayHold: boolean;
  readonly retry: (options: { readonly mayHold: boolean }) => void;
  readonly sizeBytes: number;
};
