/**
 * What arrives in a channel. Pure: what was sent and received before is asked from the caller, who has the logs.
 * Nothing that others send throws or grows the state beyond its bounds.
 * Spec: Scalable Data Sync, "Receive Message", "Deliver Message"; protocol.md, "Reliability (SDS)".
 * @module
 */
import type { BloomFilterOptions } from "./bloom-filter.ts";
import { deliver } from "./deliver.ts";
import type { SdsEvent } from "./events.ts";
import { checkLimits, type HoldLimits } from "./hold.ts";
import type { SdsMessage } from "./message.ts";
import { noteAnswer, noteRequests, planRequests, requestsIn } from "./repair.ts";
import { checkRepair, type RepairOptions } from "./repair-options.ts";
import { review, settledIds } from "./review.ts";
import { type ChannelState, MAX_TO_ACKNOWLEDGE } from "./state.ts";
import { checkTime } from "./time.ts";

export type ReceiveOptions = {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Whether a content message was received or sent in this channel; asked only about `idsIn(state, message)`. */
  readonly isKnown: (messageId: string) => boolean;
  /** Causal order. @default the order of arrival */
  readonly causal?: HoldLimits;
  /** Asks and answers. @default requests are ignored, and none planned */
  readonly repair?: RepairOptions;
  /** Of the filters that others send. @default they are ignored */
  readonly bloomFilter?: BloomFilterOptions;
};

export type ReceiveResult = { readonly state: ChannelState; readonly events: readonly SdsEvent[] };

/** All ids that `receive` may ask `isKnown` about, for one look into the logs. */
export function idsIn(state: ChannelState, message: SdsMessage): string[] {
  const { history, content, lamport } = message;
  if (lamport === undefined) return []; // ephemeral
  const settled = settledIds(state);
  const named = [...history.filter((id) => !settled.has(id)), ...requestsIn(message)];
  return [...new Set(content === undefined ? named : [content.messageId, ...named])];
}

/**
 * Takes a message of somebody else. The caller logs the ids of `content` events, so that they are known.
 *
 * @throws {@link SdsError} `INVALID_OPTION`; never because of the message
 */
export function receive(state: ChannelState, message: SdsMessage, options: ReceiveOptions): ReceiveResult {
  const { nowMs, isKnown } = options;
  checkTime(nowMs);
  const limits = checkLimits(options.causal ?? { holdMs: 0 });
  const repair = options.repair && checkRepair(options.repair);
  const { sender, channelId, lamport, content } = message;
  if (channelId !== state.channelId) return { state, events: [{ kind: "discarded", reason: "wrong-channel" }] };
  if (sender === state.participantId) return { state, events: [{ kind: "discarded", reason: "wrong-sender" }] };
  if (lamport === undefined) {
    return { state, events: content ? [{ kind: "ephemeral", sender, content: content.bytes }] : [] };
  }
  if (content !== undefined && isKnown(content.messageId)) {
    const { messageId } = content;
    // What somebody asked for comes to everybody, once: only a sender who had no acknowledgement is owed one.
    const isAnswer = repair !== undefined && isAwaited(state, messageId);
    const next = isAnswer ? noteAnswer(state, messageId, nowMs, repair) : oweAcknowledgement(state, messageId);
    return { state: next, events: [{ kind: "duplicate", messageId }] };
  }
  const reviewed = review(state, { ...message, lamport }, options);
  let next = reviewed.state;
  if (repair !== undefined) next = planRequests(noteRequests(next, message, { nowMs, isKnown }, repair), nowMs, repair);
  if (content === undefined) return { state: next, events: reviewed.events };
  next = oweAcknowledgement(next, content.messageId);
  const delivered = deliver(next, { ...message, lamport, content }, nowMs, limits);
  return { state: delivered.state, events: [...reviewed.events, ...delivered.events] };
}

function isAwaited({ requested }: ChannelState, messageId: string): boolean {
  return requested.some((each) => each.messageId === messageId && !each.isAnswered);
}

function oweAcknowledgement(state: ChannelState, messageId: string): ChannelState {
  if (state.toAcknowledge.includes(messageId)) return state;
  return { ...state, toAcknowledge: [...state.toAcknowledge, messageId].slice(-MAX_TO_ACKNOWLEDGE) };
}
