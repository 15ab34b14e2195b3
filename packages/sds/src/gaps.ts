/**
 * What time does to gaps: they stop holding up what follows them, and in the end they are lost.
 * Spec: Scalable Data Sync, "Periodic Incoming Buffer Sweep".
 * @module
 */
import { handOut, openGaps, releasedEvent, releaseReady } from "./deliver.ts";
import type { Released } from "./events.ts";
import { checkLimits, releaseOverdue } from "./hold.ts";
import { type ChannelState, MAX_LOST } from "./state.ts";

export type ExpireResult = {
  readonly state: ChannelState;
  readonly lost: string[];
  /** What was held and is handed out now, in this order. */
  readonly released: readonly Released[];
};

/**
 * Gives up what has been missing for `deadlineMs` or longer, and hands out what has waited for `holdMs` or longer.
 * What is lost and arrives later is content like any other, marked as late.
 *
 * @param holdMs - as for `receive`; 0 for the order of arrival
 */
export function expireGaps(state: ChannelState, nowMs: number, deadlineMs: number, holdMs = 0): ExpireResult {
  checkLimits({ holdMs });
  const isLost = ({ sinceMs }: { readonly sinceMs: number }) => sinceMs + deadlineMs <= nowMs;
  const lost = state.missing.filter(isLost).map(({ messageId }) => messageId);
  const left: ChannelState = {
    ...state,
    missing: state.missing.filter((gap) => !isLost(gap)),
    lost: [...state.lost, ...lost].slice(-MAX_LOST),
  };
  const ready = releaseReady(left, nowMs, holdMs);
  const isOpen = openGaps(ready.state.missing, nowMs, holdMs);
  const overdue = releaseOverdue(ready.state.held, nowMs, holdMs, isOpen);
  return {
    state: handOut(ready.state, overdue),
    lost,
    released: [...ready.released, ...overdue.released].map(releasedEvent),
  };
}

/**
 * When to look again: at `retransmissionsDue`, `expireGaps`, `requestsDue` and `repairDue`; undefined if a message has to
 * come or go before that. Where a clock may be set back, look once an hour whatever this says.
 *
 * @param deadlineMs - as for `expireGaps`, and `holdMs` likewise
 */
export function nextWakeUpMs(state: ChannelState, deadlineMs: number, holdMs = 0): number | undefined {
  let wakeUpMs = Number.POSITIVE_INFINITY;
  const wakeUpAt = (atMs: number) => {
    wakeUpMs = Math.min(wakeUpMs, atMs);
  };
  for (const { dueMs } of state.outstanding) wakeUpAt(dueMs);
  for (const { sinceMs, request } of state.missing) {
    wakeUpAt(sinceMs + deadlineMs);
    if (request !== undefined) wakeUpAt(request.dueMs);
  }
  for (const { dueMs, isAnswered } of state.requested) {
    if (!isAnswered) wakeUpAt(Math.max(dueMs, state.nextAnswerMs));
  }
  for (const heldUntilMs of releaseTimes(state, holdMs)) wakeUpAt(heldUntilMs);
  return Number.isFinite(wakeUpMs) ? wakeUpMs : undefined;
}

/** When time alone hands a held message out: its gaps may be older than it is, and the youngest of them counts. */
function releaseTimes({ held, missing }: ChannelState, holdMs: number): number[] {
  if (held.length === 0) return [];
  const heldIds = new Set(held.map(({ messageId }) => messageId));
  const open = missing.filter(({ isOvertaken }) => !isOvertaken);
  const gaps = new Map(open.map((gap) => [gap.messageId, gap.sinceMs]));
  return held.map(({ sinceMs, waitsFor }) => {
    if (waitsFor.some((id) => heldIds.has(id))) return sinceMs + holdMs;
    return Math.min(sinceMs, Math.max(...waitsFor.map((id) => gaps.get(id) ?? 0))) + holdMs;
  });
}
