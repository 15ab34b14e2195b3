/**
 * One side of a channel as an immutable value. Logs of what was sent and received live with the caller; here is only
 * what is still open, and all of it is bounded.
 * @module
 */

/** Initiator and responder of the session below. */
export type Side = "I" | "R";

/** Our own content message that the other side has not acknowledged. */
export type Outstanding = {
  readonly messageId: string;
  /** How many times it was retransmitted, counted up to 255. */
  readonly attempts: number;
  /** When to retransmit it. */
  readonly dueMs: number;
};

/** A message of the other side that is known by name only. */
export type Missing = { readonly messageId: string; readonly sinceMs: number };

export type ChannelState = {
  readonly side: Side;
  /** Lamport time of the latest message, sent or adopted; milliseconds since the Unix epoch, or later. */
  readonly lamport: number;
  /** Our latest content message, but for those that were sent beside. */
  readonly previousId: string | undefined;
  /** Received and not listed in anything we sent since; oldest first, each once. */
  readonly toAcknowledge: readonly string[];
  /** In the order of sending. */
  readonly outstanding: readonly Outstanding[];
  /** In the order of discovery. */
  readonly missing: readonly Missing[];
};

/** Enough for several files of 100 MB. Beyond it, `send` refuses. */
export const MAX_OUTSTANDING = 8_192;

/** Beyond it the oldest is forgotten: not acknowledged, it comes again and gets a new chance. */
export const MAX_TO_ACKNOWLEDGE = 8_192;

/** Beyond it further gaps are not recorded; a message that nobody recorded is still taken when it comes. */
export const MAX_MISSING = 1_024;

/** Most ids that one message may list. */
export const MAX_HISTORY = 1_024;

/** The start of a channel; equal to having neither sent nor received anything. */
export function openChannel(side: Side): ChannelState {
  return { side, lamport: 0, previousId: undefined, toAcknowledge: [], outstanding: [], missing: [] };
}

/** Whether `acknowledge` has something to say. */
export function owesAcknowledgement(state: ChannelState): boolean {
  return state.toAcknowledge.length > 0;
}
