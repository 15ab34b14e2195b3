/**
 * What leaves a channel: content, and sync messages that only acknowledge.
 * Pure. The caller makes the new state durable together with the bytes of content, because a retransmission is the
 * same bytes again, and then lets them go.
 * Spec: Scalable Data Sync, "Send Message", "Periodic Sync Message"; protocol.md, "Reliability (SDS)".
 * @module
 */
import { SdsError } from "./errors.ts";
import { encodeMessage } from "./message.ts";
import { messageIdOf } from "./message-id.ts";
import type { RandomBytes } from "./random.ts";
import { retransmissionDelayMs } from "./schedule.ts";
import { type ChannelState, MAX_HISTORY, MAX_OUTSTANDING } from "./state.ts";
import { checkTime } from "./time.ts";

export type SendOptions = {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** Most ids in causal history, 1 to 1,024; each takes 36 bytes. @default 3 */
  readonly maxHistory?: number;
  /**
   * For what later messages may overtake on their way, such as a segment of a file: names `after` as our own previous
   * message, and no later message names it by itself, or the peer would miss what has not even left. It acknowledges
   * nothing, because an acknowledgement should not wait with it.
   * @default names our latest message, becomes it, and acknowledges
   */
  readonly beside?: { readonly after: string | undefined };
};

export type AcknowledgeOptions = {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Most ids in causal history, 1 to 1,024; each takes 36 bytes. @default 5 */
  readonly maxHistory?: number;
};

export type SendResult = {
  readonly state: ChannelState;
  readonly messageId: string;
  readonly lamport: number;
  /** An encoded SDS message; keep it until the message is acknowledged. */
  readonly bytes: Uint8Array;
};

/**
 * Sends `content`, and acknowledges what fits beside our own previous message.
 *
 * @param content - at least one byte: without content it would be a sync message
 * @throws {@link SdsError} `CHANNEL_FULL`, `INVALID_OPTION`
 */
export function send(
  state: ChannelState,
  content: Uint8Array,
  { nowMs, random, maxHistory = 3, beside }: SendOptions,
): SendResult {
  checkOptions(nowMs, maxHistory);
  if (content.length === 0) throw new SdsError("INVALID_OPTION", "content: want 1 byte or more, got 0");
  if (state.outstanding.length >= MAX_OUTSTANDING) {
    const want = `want < ${MAX_OUTSTANDING} messages without acknowledgement`;
    throw new SdsError("CHANNEL_FULL", `channel: ${want}, got ${state.outstanding.length}`);
  }
  const sender = state.side;
  const lamport = nextLamport(state, nowMs);
  const messageId = messageIdOf(sender, lamport, content);
  const dueMs = nowMs + retransmissionDelayMs(0, random);
  const outstanding = [...state.outstanding, { messageId, attempts: 0, dueMs }];
  if (beside !== undefined) {
    const history = beside.after === undefined ? [] : [beside.after];
    const bytes = encodeMessage({ sender, lamport, history, content });
    return { state: { ...state, lamport, outstanding }, messageId, lamport, bytes };
  }
  const { history, toAcknowledge } = takeHistory(state, state.previousId, maxHistory);
  const bytes = encodeMessage({ sender, lamport, history, content });
  return { state: { ...state, lamport, previousId: messageId, toAcknowledge, outstanding }, messageId, lamport, bytes };
}

/**
 * A sync message that lists received messages, oldest first. Nobody acknowledges or retransmits it: if it is lost, the
 * other side sends its content again, and that is acknowledged again.
 *
 * @returns undefined if there is nothing to acknowledge
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function acknowledge(
  state: ChannelState,
  { nowMs, maxHistory = 5 }: AcknowledgeOptions,
): { readonly state: ChannelState; readonly bytes: Uint8Array } | undefined {
  checkOptions(nowMs, maxHistory);
  if (state.toAcknowledge.length === 0) return undefined;
  const lamport = nextLamport(state, nowMs);
  // Naming our previous message shows a gap at the end of the channel. Once acknowledged it only takes up room.
  const isOutstanding = state.outstanding.some(({ messageId }) => messageId === state.previousId);
  const previousId = isOutstanding && maxHistory > 1 ? state.previousId : undefined;
  const { history, toAcknowledge } = takeHistory(state, previousId, maxHistory);
  return {
    state: { ...state, lamport, toAcknowledge },
    bytes: encodeMessage({ sender: state.side, lamport, history, content: new Uint8Array() }),
  };
}

/** Our own previous message, then as many received ones as there is room for: those count as acknowledged. */
function takeHistory({ toAcknowledge }: ChannelState, previousId: string | undefined, maxHistory: number) {
  const own = previousId === undefined ? [] : [previousId];
  const room = maxHistory - own.length;
  return { history: [...own, ...toAcknowledge.slice(0, room)], toAcknowledge: toAcknowledge.slice(room) };
}

/** Grows with every message, so that equal contents have different ids. */
function nextLamport({ lamport }: ChannelState, nowMs: number): number {
  return Math.max(nowMs, lamport + 1);
}

function checkOptions(nowMs: number, maxHistory: number): void {
  checkTime(nowMs);
  if (!Number.isSafeInteger(maxHistory) || maxHistory < 1 || maxHistory > MAX_HISTORY) {
    throw new SdsError("INVALID_OPTION", `maxHistory: want 1 to ${MAX_HISTORY}, got ${maxHistory}`);
  }
}
