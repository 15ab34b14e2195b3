/**
 * A message on its way to the delivery service, and what can become of it.
 * @module
 */

/**
 * - `critical`: sent as long as any quota is left, queued on top when none is
 * - `normal`: queued while quota is low
 * - `optional`: dropped while quota is low
 */
export type Priority = "critical" | "normal" | "optional";

/** From first to last. */
export const PRIORITIES = ["critical", "normal", "optional"] as const satisfies readonly Priority[];

/** A place in the quota of an epoch: `index` is RLN's message id, from 0 to the limit - 1, unique within the epoch. */
export type Slot = { readonly epoch: number; readonly index: number };

/** What the delivery service said of a message that it did not take. */
export type DeliveryProblem = { readonly message: string; readonly isTemporary: boolean };

/** Why a message was not sent: quota was low or gone when it was submitted, or became so while it waited. */
export type DropReason = "quota-low" | "quota-exhausted";

/** How a message ended. */
export type Outcome =
  | { readonly kind: "passed"; readonly slot: Slot; readonly receipt: string }
  | {
      readonly kind: "failed";
      readonly problem: DeliveryProblem;
      /**
       * `refused`: the delivery service did not take it; `unknown`: the process ended while it was under way, so it may
       * have been taken; `not-passed`: it is of a batch that ended before its turn; `too-large`: it is of a batch that
       * no epoch can hold since the limit was lowered.
       */
      readonly reason: "refused" | "unknown" | "not-passed" | "too-large";
      readonly willRetry: false;
    }
  | { readonly kind: "dropped"; readonly reason: DropReason }
  | { readonly kind: "cancelled" };

export type MessageStatus =
  | {
      readonly kind: "queued";
      /** Messages that go before it. */
      readonly position: number;
      /**
       * When it should go, if as many critical messages come in each epoch as came of late. Absent if these, or the
       * limit, leave nothing for it: then it waits until they do.
       */
      readonly estimatedAtMs?: number;
    }
  | { readonly kind: "passing"; readonly slot: Slot; readonly attempt: number }
  /** Not taken for now: it is tried again. */
  | { readonly kind: "failed"; readonly problem: DeliveryProblem; readonly willRetry: true; readonly retryAtMs: number }
  | Outcome;
