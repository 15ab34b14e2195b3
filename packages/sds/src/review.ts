/**
 * What a message says about other messages: which of ours arrived, and which of others' did not.
 * Spec: Scalable Data Sync, "Review ACK Status".
 * @module
 */
import { BloomFilter } from "./bloom-filter.ts";
import type { SdsEvent } from "./events.ts";
import type { SdsMessage } from "./message.ts";
import type { ReceiveOptions, ReceiveResult } from "./receive.ts";
import { FIRST_RETRANSMISSION_MS } from "./schedule.ts";
import { type ChannelState, MAX_MISSING, type Missing, type Outstanding } from "./state.ts";

/** A clock further ahead than this is wrong; following it would push our own messages into the future. */
const MAX_LAMPORT_LEAD_MS = 60 * 60 * 1_000;

type Timed = SdsMessage & { readonly lamport: number };

export function review(state: ChannelState, message: Timed, options: ReceiveOptions): ReceiveResult {
  const events: SdsEvent[] = [];
  const settled = settledIds(state);
  let next = adoptLamport(state, message.lamport, options.nowMs);
  for (const step of [acknowledge, acknowledgePossibly, findGaps, leaveAcknowledgementToOthers]) {
    const result = step(next, message, options, settled);
    next = result.state;
    events.push(...result.events);
  }
  return { state: next, events };
}

/** Ids of which the state knows what they are, before anything of the message is applied. */
export function settledIds(state: ChannelState): ReadonlySet<string> {
  const settled = new Set(state.lost);
  for (const { messageId } of state.outstanding) settled.add(messageId);
  for (const { messageId } of state.missing) settled.add(messageId);
  return settled;
}

function adoptLamport(state: ChannelState, lamport: number, nowMs: number): ChannelState {
  if (lamport <= state.lamport || lamport > nowMs + MAX_LAMPORT_LEAD_MS) return state;
  return { ...state, lamport };
}

/** Only a message of ours can be acknowledged, by being named. */
function acknowledge(state: ChannelState, { history, sender }: Timed): ReceiveResult {
  const ours = new Set(state.outstanding.map(({ messageId }) => messageId));
  const acknowledged = new Set(history.filter((id) => ours.has(id)));
  if (acknowledged.size === 0) return { state, events: [] };
  return {
    state: { ...state, outstanding: state.outstanding.filter(({ messageId }) => !acknowledged.has(messageId)) },
    events: [...acknowledged].map((messageId) => ({ kind: "acknowledged", messageId, by: sender })),
  };
}

/** A filter errs, and a forged one says yes to everything: it puts a retransmission off once, and settles nothing. */
function acknowledgePossibly(
  state: ChannelState,
  { bloomFilter, sender }: Timed,
  options: ReceiveOptions,
): ReceiveResult {
  const filter = bloomFilter && options.bloomFilter && BloomFilter.fromBytes(bloomFilter, options.bloomFilter);
  if (filter === undefined) return { state, events: [] };
  const events: SdsEvent[] = [];
  const outstanding = state.outstanding.map((message): Outstanding => {
    if (message.isPossiblyAcknowledged || !filter.has(message.messageId)) return message;
    events.push({ kind: "possibly-acknowledged", messageId: message.messageId, by: sender });
    return { ...message, dueMs: message.dueMs + FIRST_RETRANSMISSION_MS, isPossiblyAcknowledged: true };
  });
  return { state: { ...state, outstanding }, events };
}

/** What is named and neither ours nor known is missing. */
function findGaps(
  state: ChannelState,
  message: Timed,
  { nowMs, isKnown }: ReceiveOptions,
  settled: ReadonlySet<string>,
): ReceiveResult {
  const { history, content, about } = message;
  const gaps = history
    .filter((id) => !settled.has(id) && id !== content?.messageId && !isKnown(id))
    .slice(0, MAX_MISSING - state.missing.length)
    .map((messageId): Missing => {
      const sender = about?.get(messageId)?.sender;
      return { messageId, sinceMs: nowMs, ...(sender !== undefined && { sender }) };
    });
  return {
    state: { ...state, missing: [...state.missing, ...gaps] },
    events: gaps.map((gap) => ({ kind: "missing", ...gap, ...about?.get(gap.messageId) })),
  };
}

/**
 * Among many, one acknowledgement is enough. It counts when the sender of the named message is said to be another:
 * nobody acknowledges for himself by naming his own previous message.
 */
function leaveAcknowledgementToOthers(state: ChannelState, { history, about, sender }: Timed): ReceiveResult {
  if (about === undefined || state.toAcknowledge.length === 0) return { state, events: [] };
  const named = new Set(history.filter((id) => (about.get(id)?.sender ?? sender) !== sender));
  return { state: { ...state, toAcknowledge: state.toAcknowledge.filter((id) => !named.has(id)) }, events: [] };
}
