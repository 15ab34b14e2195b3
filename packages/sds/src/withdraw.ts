/**
 * Messages that their sender takes back: nobody waits for them any longer, on either side.
 * @module
 */
import { releasedEvent, releaseReady } from "./deliver.ts";
import type { Released } from "./events.ts";
import { checkLimits } from "./hold.ts";
import type { ChannelState } from "./state.ts";
import { checkTime } from "./time.ts";

export type WithdrawResult = {
  readonly state: ChannelState;
  /** What was missing, and is no more: neither found nor lost. */
  readonly withdrawn: readonly string[];
  /** What waited for these alone and is handed out now, in this order. */
  readonly released: readonly Released[];
};

/**
 * Forgets messages that were sent and not acknowledged, or that are missing: they are not sent again, asked for or
 * reported as lost. Any other id changes nothing. Who sent them says so by a message of its own; one that arrives all the
 * same is content like any other.
 *
 * @param holdMs - as for `receive`; 0 for the order of arrival
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function withdraw(state: ChannelState, ids: ReadonlySet<string>, nowMs: number, holdMs = 0): WithdrawResult {
  checkTime(nowMs);
  checkLimits({ holdMs });
  const withdrawn = state.missing.map(({ messageId }) => messageId).filter((id) => ids.has(id));
  const left: ChannelState = {
    ...state,
    outstanding: state.outstanding.filter(({ messageId }) => !ids.has(messageId)),
    missing: state.missing.filter(({ messageId }) => !ids.has(messageId)),
    requested: state.requested.filter(({ messageId }) => !ids.has(messageId)),
  };
  const ready = releaseReady(left, nowMs, holdMs);
  return { state: ready.state, withdrawn, released: ready.released.map(releasedEvent) };
}
