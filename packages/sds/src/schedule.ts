/**
 * When to send: retransmissions and acknowledgements. No timers; the caller has them.
 * @module
 */
import { SdsError } from "./errors.ts";
import { fraction, type RandomBytes } from "./random.ts";
import type { ChannelState } from "./state.ts";
import { checkTime, isDue } from "./time.ts";

/** What is not confirmed is sent again so long after it was sent, or a little later. */
export const FIRST_RETRANSMISSION_MS = 30_000;
/** With the most jitter, one hour. */
const LAST_RETRANSMISSION_MS = 48 * 60_000;
const JITTER = 0.25;
const MAX_ATTEMPTS_COUNTED = 255;

/** 30 to 37.5 s after sending, then doubling up to 48 to 60 minutes. */
export function retransmissionDelayMs(attempts: number, random: RandomBytes): number {
  const delayMs = Math.min(FIRST_RETRANSMISSION_MS * 2 ** attempts, LAST_RETRANSMISSION_MS);
  return Math.floor(delayMs * (1 + JITTER * fraction(random)));
}

/** Ids of our messages to send again, the same bytes each, in the order of first sending. */
export function retransmissionsDue(state: ChannelState, nowMs: number): string[] {
  return state.outstanding.filter(({ dueMs }) => isDue(dueMs, nowMs)).map(({ messageId }) => messageId);
}

/**
 * Plans the next retransmission of a message that was sent again; a message that was acknowledged changes nothing.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function retransmitted(
  state: ChannelState,
  messageId: string,
  { nowMs, random }: { readonly nowMs: number; readonly random: RandomBytes },
): ChannelState {
  return planned(state, messageId, 1, nowMs, random);
}

/**
 * Plans the retransmission of a message that has not left yet, or only now: as if it were sent now.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function postponed(
  state: ChannelState,
  messageId: string,
  { nowMs, random }: { readonly nowMs: number; readonly random: RandomBytes },
): ChannelState {
  return planned(state, messageId, 0, nowMs, random);
}

function planned(state: ChannelState, messageId: string, more: number, nowMs: number, random: RandomBytes) {
  checkTime(nowMs);
  const outstanding = state.outstanding.map((message) => {
    if (message.messageId !== messageId) return message;
    const attempts = Math.min(message.attempts + more, MAX_ATTEMPTS_COUNTED);
    return { ...message, attempts, dueMs: nowMs + retransmissionDelayMs(attempts, random) };
  });
  return { ...state, outstanding };
}

/**
 * How long an acknowledgement waits for content to ride on: whole milliseconds, at random with the given mean and at
 * most twice that, each of them as likely: so that an observer cannot tell from the delay which message was answered.
 *
 * @param meanMs - @default 2_000
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function acknowledgementDelayMs(random: RandomBytes, meanMs = 2_000): number {
  if (!(meanMs >= 0 && meanMs <= Number.MAX_SAFE_INTEGER)) {
    throw new SdsError("INVALID_OPTION", `meanMs: want 0 or more, got ${meanMs}`);
  }
  return Math.floor(2 * meanMs * fraction(random));
}
