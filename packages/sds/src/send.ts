/**
 * What leaves a channel: content, sync messages that only acknowledge and ask, and ephemeral content.
 * Pure. The caller makes the new state durable together with the bytes of content, because a retransmission is the
 * same bytes again, and then lets them go.
 * Spec: Scalable Data Sync, "Send Message", "Periodic Sync Message"; protocol.md, "Reliability (SDS)".
 * @module
 */
import { SdsError } from "./errors.ts";
import { encodeMessage, type NameMessage } from "./message.ts";
import { type CarryOptions, encode, nameOf, nextLamport } from "./outgoing.ts";
import type { RandomBytes } from "./random.ts";
import { takeRequests } from "./repair.ts";
import { checkRepair } from "./repair-options.ts";
import { retransmissionDelayMs } from "./schedule.ts";
import { type ChannelState, MAX_HISTORY, MAX_OUTSTANDING } from "./state.ts";
import { checkTime } from "./time.ts";

export type SendOptions = CarryOptions & {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** Most ids in causal history, 1 to 1,024; each takes 36 bytes in the compact form. @default 3; 16 in the full form */
  readonly maxHistory?: number;
  /**
   * For what later messages may overtake on their way, such as a segment of a file: names `after` as our own previous
   * message, and no later message names it by itself, or the peer would miss what has not even left. It acknowledges
   * and asks for nothing, because that should not wait with it.
   * @default names our latest message, becomes it, and acknowledges
   */
  readonly beside?: { readonly after: string | undefined };
};

export type AcknowledgeOptions = CarryOptions & {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Most ids in causal history, 1 to 1,024; each takes 36 bytes in the compact form. @default 5; 16 in the full form */
  readonly maxHistory?: number;
  /**
   * Also when nothing is owed or due: names what nothing else names, so that others see what they miss.
   * For channels of more than two, now and then.
   */
  readonly isPeriodic?: boolean;
};

export type SendResult = {
  readonly state: ChannelState;
  readonly messageId: string;
  readonly lamport: number;
  /** An encoded SDS message; keep it until the message is acknowledged, or longer to answer requests for it. */
  readonly bytes: Uint8Array;
};

/**
 * Sends `content`, and acknowledges what fits beside our own previous message.
 *
 * @param content - at least one byte: without content it would be a sync message
 * @throws {@link SdsError} `CHANNEL_FULL`, `INVALID_OPTION`
 */
export function send(state: ChannelState, content: Uint8Array, options: SendOptions): SendResult {
  const { nowMs, random, maxHistory = state.channelId === undefined ? 3 : 16, beside } = options;
  checkOptions(nowMs, maxHistory);
  checkContent(content);
  if (state.outstanding.length >= MAX_OUTSTANDING) {
    const want = `want < ${MAX_OUTSTANDING} messages without acknowledgement`;
    throw new SdsError("CHANNEL_FULL", `channel: ${want}, got ${state.outstanding.length}`);
  }
  const lamport = nextLamport(state, nowMs);
  const messageId = nameOf(state, lamport, content, options);
  const outstanding = [
    ...state.outstanding,
    { messageId, attempts: 0, dueMs: nowMs + retransmissionDelayMs(0, random) },
  ];
  const sent = { ...state, lamport, outstanding };
  if (beside !== undefined) {
    const history = beside.after === undefined ? [] : [beside.after];
    const { repair: _, ...withoutRequests } = options;
    const { bytes } = encode(sent, { messageId, history, content }, withoutRequests);
    return { state: sent, messageId, lamport, bytes };
  }
  const own = state.previousId === undefined ? [] : [state.previousId];
  const history = [...new Set([...own, ...state.heads, ...seenToAcknowledge(state)])].slice(0, maxHistory);
  const { state: next, bytes } = encode(sent, { messageId, history, content }, options);
  const listed = new Set(history);
  const heads = state.heads.filter((id) => !listed.has(id));
  return { state: { ...acknowledged(next, listed), heads, previousId: messageId }, messageId, lamport, bytes };
}

/**
 * A sync message that lists received messages, oldest first, and asks for missing ones. Nobody acknowledges or
 * retransmits it: if it is lost, others send their content again, and that is acknowledged again.
 *
 * @returns undefined if there is nothing to acknowledge or to ask for
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function acknowledge(
  state: ChannelState,
  options: AcknowledgeOptions,
): { readonly state: ChannelState; readonly bytes: Uint8Array } | undefined {
  const { nowMs, maxHistory = state.channelId === undefined ? 5 : 16, isPeriodic = false } = options;
  checkOptions(nowMs, maxHistory);
  const asks = options.repair && takeRequests(state, nowMs, checkRepair(options.repair)).ids.length > 0;
  if (state.toAcknowledge.length === 0 && !asks && !isPeriodic) return undefined;
  const lamport = nextLamport(state, nowMs);
  // Naming our previous message shows a gap at the end of the channel. Once acknowledged it only takes up room.
  const isOutstanding = state.outstanding.some(({ messageId }) => messageId === state.previousId);
  const isNamed = (isOutstanding && maxHistory > 1) || isPeriodic;
  const own = state.previousId !== undefined && isNamed ? [state.previousId] : [];
  const heads = isPeriodic ? state.heads : [];
  const history = [...new Set([...own, ...heads, ...state.toAcknowledge])].slice(0, maxHistory);
  if (history.length === 0 && !asks) return undefined;
  const content = new Uint8Array();
  const messageId = nameOf(state, lamport, content, options);
  const { state: next, bytes } = encode({ ...state, lamport }, { messageId, history, content }, options);
  return { state: acknowledged(next, new Set(history)), bytes };
}

/**
 * Content for whoever is there: without order, acknowledgement, retransmission or a place in any history. The channel's
 * state does not change.
 *
 * @param content - at least one byte
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function sendEphemeral(
  state: ChannelState,
  content: Uint8Array,
  options: { readonly nowMs: number; readonly nameMessage?: NameMessage },
): Uint8Array {
  checkTime(options.nowMs);
  checkContent(content);
  const messageId = nameOf(state, options.nowMs, content, options);
  return encodeMessage({
    channelId: state.channelId,
    sender: state.participantId,
    lamport: undefined,
    messageId,
    history: [],
    repairRequest: [],
    content,
  });
}

/** Among many, what is held here would hold up our content elsewhere, too, though nobody here has seen it. */
function seenToAcknowledge({ channelId, toAcknowledge, held }: ChannelState): readonly string[] {
  if (channelId === undefined || held.length === 0) return toAcknowledge;
  const heldIds = new Set(held.map(({ messageId }) => messageId));
  return toAcknowledge.filter((id) => !heldIds.has(id));
}

function acknowledged(state: ChannelState, listed: ReadonlySet<string>): ChannelState {
  return { ...state, toAcknowledge: state.toAcknowledge.filter((id) => !listed.has(id)) };
}

function checkOptions(nowMs: number, maxHistory: number): void {
  checkTime(nowMs);
  if (!Number.isSafeInteger(maxHistory) || maxHistory < 1 || maxHistory > MAX_HISTORY) {
    throw new SdsError("INVALID_OPTION", `maxHistory: want 1 to ${MAX_HISTORY}, got ${maxHistory}`);
  }
}

function checkContent(content: Uint8Array): void {
  if (content.length === 0) throw new SdsError("INVALID_OPTION", "content: want 1 byte or more, got 0");
}
