/**
 * One participant of a channel as an immutable value. Logs of what was sent and received live with the caller; here is
 * only what is still open, and all of it is bounded.
 * @module
 */
import { SdsError } from "./errors.ts";
import type { Held } from "./hold.ts";
import { isName, type Participant } from "./participant.ts";

/** Initiator and responder of the session below. */
export type Side = "I" | "R";

/** Our own content message that nobody has acknowledged. */
export type Outstanding = {
  readonly messageId: string;
  /** How many times it was retransmitted, counted up to 255. */
  readonly attempts: number;
  /** When to retransmit it. */
  readonly dueMs: number;
  /** Whether somebody's Bloom filter had it. */
  readonly isPossiblyAcknowledged?: true;
};

export type MissingRequest = {
  readonly dueMs: number;
  readonly attempts: number;
  /** Whether it waits longer because somebody else asked. */
  readonly isPostponed: boolean;
};

/** A message of somebody else that is known by name only. */
export type Missing = {
  readonly messageId: string;
  readonly sinceMs: number;
  /** Who sent it, as far as those who named it said. */
  readonly sender?: string;
  /** Whether content that follows it was handed out. */
  readonly isOvertaken?: true;
  /** When to ask for it, and how often that was done, counted up to 255; absent without repair. */
  readonly request?: MissingRequest;
};

/** A message that somebody asked for, and that we have. */
export type Requested = {
  readonly messageId: string;
  /** When to send it; once answered, until when further requests for it are ignored. */
  readonly dueMs: number;
  readonly isAnswered: boolean;
};

export type ChannelState = {
  /** Our sender id: `I` or `R` in the compact form. */
  readonly participantId: string;
  /** Undefined in the compact form, which has no channel id. */
  readonly channelId: string | undefined;
  /** Lamport time of the latest message, sent or adopted; milliseconds since the Unix epoch, or later. */
  readonly lamport: number;
  /** Our latest content message, but for those that were sent beside. */
  readonly previousId: string | undefined;
  /** Received and not listed in anything we sent since; oldest first, each once. */
  readonly toAcknowledge: readonly string[];
  /** Full form: handed out, and named by nothing else that was or that we sent; what our next content follows. */
  readonly heads: readonly string[];
  /** In the order of sending. */
  readonly outstanding: readonly Outstanding[];
  /** In the order of discovery. */
  readonly missing: readonly Missing[];
  /** Given up; oldest first. */
  readonly lost: readonly string[];
  /** Received, but what it follows is missing. */
  readonly held: readonly Held[];
  /** In the order of asking. */
  readonly requested: readonly Requested[];
  /** The earliest time of the next answer to a request. */
  readonly nextAnswerMs: number;
};

/** Enough for several files of 100 MB. Beyond it, `send` refuses. */
export const MAX_OUTSTANDING = 8_192;

/** Beyond it the oldest is forgotten: not acknowledged, it comes again and gets a new chance. */
export const MAX_TO_ACKNOWLEDGE = 8_192;

/** Beyond it further gaps are not recorded; a message that nobody recorded is still taken when it comes. */
export const MAX_MISSING = 1_024;

/** Beyond it the oldest is forgotten: named again, it is missing again. */
export const MAX_LOST = 1_024;

/** Beyond it the oldest is forgotten, and order towards it is no longer promised. Honest participants have one each. */
export const MAX_HEADS = 1_024;

/** Most ids that one message may list. */
export const MAX_HISTORY = 1_024;

/**
 * The start of a channel; equal to having neither sent nor received anything.
 *
 * @param who - a side of a channel of two in the compact form, or any participant of a channel in the full form
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function openChannel(who: Side | Participant): ChannelState {
  const { participantId, channelId } = typeof who === "string" ? { participantId: who, channelId: undefined } : who;
  if (typeof who !== "string") {
    for (const [option, name] of Object.entries({ participantId, channelId })) {
      if (!isName(name)) throw new SdsError("INVALID_OPTION", `${option}: want 1 to 256 bytes of text, got another`);
    }
  }
  return {
    participantId,
    channelId,
    lamport: 0,
    previousId: undefined,
    toAcknowledge: [],
    heads: [],
    outstanding: [],
    missing: [],
    lost: [],
    held: [],
    requested: [],
    nextAnswerMs: 0,
  };
}

/** Whether `acknowledge` has something to say. */
export function owesAcknowledgement(state: ChannelState): boolean {
  return state.toAcknowledge.length > 0;
}
