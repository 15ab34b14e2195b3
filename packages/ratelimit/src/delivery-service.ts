/**
 * What the manager hands messages to.
 * @module
 */
import type { Slot } from "./message.ts";

export type Transmission = {
  /** Stable over retries and restarts: what was taken before may be recognised by it. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Where an RLN proof is to be made for: no other bytes ever get the same. */
  readonly slot: Slot;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted when the manager closes. */
  readonly signal: AbortSignal;
};

/** The consumer's network. A message may be given again after a crash, with the same id. */
export interface DeliveryService {
  /**
   * @returns the service's own receipt, in its own form, when it has taken the message
   * @throws {@link DeliveryError}; anything else counts as temporary
   */
  deliver(transmission: Transmission): Promise<string>;
}

/** How a delivery service says whether trying again can help. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly isTemporary: boolean;
  constructor(message: string, { isTemporary, ...options }: ErrorOptions & { readonly isTemporary: boolean }) {
    super(message, options);
    this.isTemporary = isTemporary;
  }
}
