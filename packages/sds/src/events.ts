/**
 * What `receive` reports.
 * @module
 */

/** In the order in which they are reported. */
export type SdsEvent =
  /** Nothing else happened. `wrong-sender`: a message in our own name; `wrong-channel`: of another channel or form. */
  | { readonly kind: "discarded"; readonly reason: "wrong-sender" | "wrong-channel" }
  /** Content without order, acknowledgement or name; alone. It may be a repetition. */
  | { readonly kind: "ephemeral"; readonly sender: string; readonly content: Uint8Array }
  /** `by` has a message of ours; once for each message. */
  | { readonly kind: "acknowledged"; readonly messageId: string; readonly by: string }
  /** The Bloom filter of `by` says so, which it may do in error; once for each message. */
  | { readonly kind: "possibly-acknowledged"; readonly messageId: string; readonly by: string }
  /** Somebody sent or received this before, and it did not arrive yet. */
  | {
      readonly kind: "missing";
      readonly messageId: string;
      readonly sinceMs: number;
      /** As whoever named it says. */
      readonly sender?: string;
      /** The same, to find it in a store. */
      readonly retrievalHint?: Uint8Array;
    }
  /** What was missing is the content that follows. */
  | { readonly kind: "found"; readonly messageId: string }
  | {
      readonly kind: "content";
      readonly messageId: string;
      readonly sender: string;
      /** As the sender has it, even if too far ahead to be adopted. */
      readonly lamport: number;
      readonly content: Uint8Array;
      /** In causal order, what is to be handed out before it: it is held until a `released` event. */
      readonly waitsFor?: readonly string[];
      /** It was given up, or content that follows it was handed out before. */
      readonly isLate?: true;
    }
  /** Content that was held is handed out. */
  | Released
  /** Known already; it is acknowledged once more, because the first acknowledgement may have been lost. Alone. */
  | { readonly kind: "duplicate"; readonly messageId: string };

export type Released = { readonly kind: "released"; readonly messageId: string; readonly isLate?: true };
