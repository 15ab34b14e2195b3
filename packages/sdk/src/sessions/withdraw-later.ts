/**
 * Messages that are not wanted any more leave the channel. What waited for them is not handed out by this, but in a turn of
 * its own: whoever withdraws has no hands for it.
 * @module
 */
import { type ChannelState, withdraw } from "@chat/sds";
import { HOLD_MS } from "../receiving/held-messages.ts";

export type Withdrawal = {
  readonly state: ChannelState;
  /** What was missing, and is no more. */
  readonly withdrawn: readonly string[];
};

export function withdrawLater(sds: ChannelState, ids: ReadonlySet<string>, nowMs: number): Withdrawal {
  const { state, withdrawn } = withdraw(sds, ids, nowMs, HOLD_MS);
  const missing = sds.missing.filter(({ messageId }) => !ids.has(messageId));
  return { state: { ...state, held: sds.held, missing }, withdrawn };
}
