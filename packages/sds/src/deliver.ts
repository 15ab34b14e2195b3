/**
 * New content on its way to the application: at once, or when what it follows was handed out or given up.
 * Spec: Scalable Data Sync, "Deliver Message".
 * @module
 */
import type { Released, SdsEvent } from "./events.ts";
import { type Handover, type Held, type HoldLimits, hold, type IsOpen, release } from "./hold.ts";
import type { SdsMessage } from "./message.ts";
import { type ChannelState, MAX_HEADS, type Missing } from "./state.ts";
import { hasPassed } from "./time.ts";

type ContentMessage = SdsMessage & { readonly lamport: number } & Required<Pick<SdsMessage, "content">>;

/** Takes a message that was not known before, out of what is missing. */
export function deliver(
  state: ChannelState,
  { history, sender, lamport, content: { messageId, bytes: content } }: ContentMessage,
  nowMs: number,
  limits: HoldLimits,
): { readonly state: ChannelState; readonly events: SdsEvent[] } {
  const gap = state.missing.find((each) => each.messageId === messageId);
  const wasLost = state.lost.includes(messageId);
  const isLate = wasLost || gap?.isOvertaken === true;
  const late = isLate ? { isLate } : {};
  const next: ChannelState = {
    ...state,
    missing: gap ? state.missing.filter((each) => each !== gap) : state.missing,
    lost: wasLost ? state.lost.filter((id) => id !== messageId) : state.lost,
  };
  const isOpen = openGaps(next.missing, nowMs, limits.holdMs);
  const heldIds = new Set(next.held.map((each) => each.messageId));
  const missingIds = new Set(next.missing.map((each) => each.messageId));
  const waitsFor = history.filter((id) => id !== messageId && (heldIds.has(id) || missingIds.has(id)));
  const message: Held = { messageId, lamport, sizeBytes: content.length, sinceMs: nowMs, waitsFor, isLate };
  const isHeld = limits.holdMs > 0 && waitsFor.some((id) => heldIds.has(id) || isOpen(id));
  const handover = isHeld
    ? hold(next.held, message, limits, isOpen)
    : { held: next.held, released: [{ ...message, waitsFor: history }] };
  const room = handOut(next, handover);
  const rest = releaseReady(room, nowMs, limits.holdMs);
  const released = [...(isHeld ? handover.released : []), ...rest.released];
  return {
    state: rest.state,
    events: [
      ...(gap !== undefined ? [{ kind: "found", messageId } as const] : []),
      { kind: "content", messageId, sender, lamport, content, ...(isHeld && { waitsFor }), ...late },
      ...released.map(releasedEvent),
    ],
  };
}

/** What follows nothing open any more goes out. */
export function releaseReady(state: ChannelState, nowMs: number, holdMs: number) {
  const handover = release(state.held, openGaps(state.missing, nowMs, holdMs));
  return { state: handOut(state, handover), released: handover.released };
}

/** A gap is open until it holds something up for too long, or something went ahead of it. */
export function openGaps(missing: readonly Missing[], nowMs: number, holdMs: number): IsOpen {
  const open = missing.filter(({ sinceMs, isOvertaken }) => !isOvertaken && !hasPassed(sinceMs, holdMs, nowMs));
  const ids = new Set(open.map(({ messageId }) => messageId));
  return (messageId) => ids.has(messageId);
}

/** What was handed out has overtaken what is missing of what it follows, and our next content follows it. */
export function handOut(state: ChannelState, { held, released }: Handover): ChannelState {
  const named = new Set(released.flatMap(({ waitsFor }) => waitsFor));
  const overtake = (gap: Missing): Missing => (named.has(gap.messageId) ? { ...gap, isOvertaken: true } : gap);
  const missing = named.size > 0 ? state.missing.map(overtake) : state.missing;
  if (state.channelId === undefined) return { ...state, held, missing };
  const heads = [...state.heads, ...released.filter(({ isLate }) => !isLate).map(({ messageId }) => messageId)];
  return { ...state, held, missing, heads: heads.filter((id) => !named.has(id)).slice(-MAX_HEADS) };
}

export function releasedEvent({ messageId, isLate }: Held): Released {
  return { kind: "released", messageId, ...(isLate && { isLate }) };
}
