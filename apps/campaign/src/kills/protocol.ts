/**
 * What a submitting process and its parent tell each other, one JSON object in each line.
 * @module
 */
import type { MessageStatus, Priority } from "@chat/ratelimit";

/** Messages that are submitted together: one alone, or a batch. */
export type PlannedUnit = {
  readonly ids: readonly string[];
  readonly priority: Priority;
};

export type ChildOrder = {
  readonly path: string;
  readonly messagesPerEpoch: number;
  readonly epochMs: number;
  /** How wrong its clock is. */
  readonly skewMs: number;
  /** Not acknowledged so far. */
  readonly units: readonly PlannedUnit[];
  /** Of which messages the end is asked for: the process then waits for it, and ends. */
  readonly until?: readonly string[];
};

export type FromChild =
  | { readonly kind: "open" }
  | {
      readonly kind: "deliver";
      readonly call: number;
      readonly id: string;
      readonly epoch: number;
      readonly index: number;
      /** SHA-256 of the bytes. */
      readonly hash: string;
    }
  | { readonly kind: "acknowledged"; readonly ids: readonly string[] }
  | { readonly kind: "ended"; readonly statuses: readonly (readonly [id: string, status: MessageStatus | null])[] }
  | { readonly kind: "problem"; readonly message: string };

export type FromParent = { readonly call: number; readonly answer: Answer };

export type Answer =
  | { readonly kind: "taken"; readonly receipt: string }
  | { readonly kind: "refused"; readonly isTemporary: boolean };

/** The bytes that an id stands for; no two are alike. */
export function bytesFor(id: string): Uint8Array {
  return new TextEncoder().encode(`${id}, `.repeat(1 + (id.length * 7 + id.charCodeAt(id.length - 1)) * 3));
}
