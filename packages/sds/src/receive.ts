/**
 * What arrives in a channel. Pure: what was sent and received before is asked from the caller, who has the logs.
 * Nothing that the other side sends throws or grows the state beyond its bounds.
 * Spec: Scalable Data Sync, "Receive Message", "Review ACK Status"; protocol.md, "Reliability (SDS)".
 * @module
 */
import type { SdsMessage } from "./message.ts";
import { type ChannelState, MAX_MISSING, MAX_TO_ACKNOWLEDGE, type Missing } from "./state.ts";
import { checkTime } from "./time.ts";

/** A clock further ahead than this is wrong; following it would push our own messages into the future. */
const MAX_LAMPORT_LEAD_MS = 60 * 60 * 1_000;

/** In the order in which they are reported. */
export type SdsEvent =
  /** Nothing else happened. `wrong-sender`: a message in the name of our own side. */
  | { readonly kind: "discarded"; readonly reason: "wrong-sender" }
  /** A message of ours arrived; once for each. */
  | { readonly kind: "acknowledged"; readonly messageId: string }
  /** The other side sent this before, and it did not arrive yet. */
  | { readonly kind: "missing"; readonly messageId: string; readonly sinceMs: number }
  /** What was missing is the content that follows. */
  | { readonly kind: "found"; readonly messageId: string }
  | {
      readonly kind: "content";
      readonly messageId: string;
      /** As the sender has it, even if too far ahead to be adopted. */
      readonly lamport: number;
      readonly content: Uint8Array;
    }
  /** Known already; it is acknowledged once more, because the first acknowledgement may have been lost. */
  | { readonly kind: "duplicate"; readonly messageId: string };

export type ReceiveOptions = {
  /** Whole milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Whether a content message was received or sent in this channel; asked only about `idsIn(state, message)`. */
  readonly isKnown: (messageId: string) => boolean;
};

export type ReceiveResult = { readonly state: ChannelState; readonly events: readonly SdsEvent[] };

/** All ids that `receive` may ask `isKnown` about, for one look into the logs. */
export function idsIn(state: ChannelState, { history, content }: SdsMessage): string[] {
  const settled = idsOf([...state.outstanding, ...state.missing]);
  const asked = history.filter((id) => !settled.has(id) && id !== content?.messageId);
  return content === undefined ? asked : [content.messageId, ...asked];
}

/**
 * Takes a message from the other side. The caller logs the ids of `content` events, so that they are known.
 *
 * @throws {@link SdsError} `INVALID_OPTION` for a time that is none; never because of the message
 */
export function receive(state: ChannelState, message: SdsMessage, { nowMs, isKnown }: ReceiveOptions): ReceiveResult {
  checkTime(nowMs);
  if (message.sender === state.side) return { state, events: [{ kind: "discarded", reason: "wrong-sender" }] };
  const { content } = message;
  if (content !== undefined && isKnown(content.messageId)) {
    const { messageId } = content;
    return { state: oweAcknowledgement(state, messageId), events: [{ kind: "duplicate", messageId }] };
  }
  const reviewed = reviewHistory(adoptLamport(state, message.lamport, nowMs), message, { nowMs, isKnown });
  if (content === undefined) return reviewed;

  const { messageId, bytes } = content;
  const events = [...reviewed.events];
  const missing = reviewed.state.missing.filter((gap) => gap.messageId !== messageId);
  if (missing.length < reviewed.state.missing.length) events.push({ kind: "found", messageId });
  events.push({ kind: "content", messageId, lamport: message.lamport, content: bytes });
  return { state: oweAcknowledgement({ ...reviewed.state, missing }, messageId), events };
}

function adoptLamport(state: ChannelState, lamport: number, nowMs: number): ChannelState {
  if (lamport <= state.lamport || lamport > nowMs + MAX_LAMPORT_LEAD_MS) return state;
  return { ...state, lamport };
}

/** An id in the other side's history is either ours, and so acknowledged, or theirs, and so known or missing. */
function reviewHistory(
  state: ChannelState,
  { history, content }: SdsMessage,
  { nowMs, isKnown }: ReceiveOptions,
): ReceiveResult {
  const outstandingIds = idsOf(state.outstanding);
  const missingIds = idsOf(state.missing);
  const acknowledged = history.filter((id) => outstandingIds.has(id));
  const isNewGap = (id: string) =>
    !outstandingIds.has(id) && !missingIds.has(id) && id !== content?.messageId && !isKnown(id);
  const gaps = history
    .filter(isNewGap)
    .slice(0, MAX_MISSING - state.missing.length)
    .map((messageId): Missing => ({ messageId, sinceMs: nowMs }));
  const acknowledgedIds = new Set(acknowledged);
  return {
    state: {
      ...state,
      outstanding: state.outstanding.filter(({ messageId }) => !acknowledgedIds.has(messageId)),
      missing: [...state.missing, ...gaps],
    },
    events: [
      ...acknowledged.map((messageId) => ({ kind: "acknowledged", messageId }) as const),
      ...gaps.map((gap) => ({ kind: "missing", ...gap }) as const),
    ],
  };
}

function oweAcknowledgement(state: ChannelState, messageId: string): ChannelState {
  if (state.toAcknowledge.includes(messageId)) return state;
  return { ...state, toAcknowledge: [...state.toAcknowledge, messageId].slice(-MAX_TO_ACKNOWLEDGE) };
}

function idsOf(entries: readonly { readonly messageId: string }[]): Set<string> {
  return new Set(entries.map(({ messageId }) => messageId));
}
