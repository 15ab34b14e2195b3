/**
 * What a conversation still waits for, in both directions.
 * @module
 */
import type { Context } from "../context.ts";
import { unconfirmed } from "./unconfirmed.ts";

export type ConversationHealth = {
  /**
   * Messages of the other side that have not arrived, as far as others that have arrived name them: at least so many. What
   * was given up, after a day, is not among them.
   */
  readonly missing: number;
  /** Since when the first of them is known to be missing; they are from the one account of the conversation. */
  readonly missingSince?: Date;
  /** Have arrived and are shown after what is missing before them, within four seconds. */
  readonly held: number;
  /** Own messages that the other side's device has not confirmed. */
  readonly unconfirmed: number;
  /** When the first of them was written. */
  readonly unconfirmedSince?: Date;
  /** Of those, have not left this device as a whole. */
  readonly unsent: number;
  /** False: the other side is blocked, or was lost in a restore (event `stranded`). */
  readonly canSend: boolean;
  /** Whether both sides have everything of each other, as far as anybody can know. */
  readonly isComplete: boolean;
};

export async function conversationHealth(
  { sessions, peers, store }: Pick<Context, "sessions" | "peers" | "store">,
  id: string,
): Promise<ConversationHealth> {
  const own = sessions.all().filter(({ conversationId }) => conversationId === id);
  const gaps = own.flatMap(({ sds }) => sds.missing);
  const held = own.reduce((count, { sds }) => count + sds.held.length, 0);
  let [count, unsent, sinceMs] = [0, 0, Number.POSITIVE_INFINITY];
  for await (const { status, sentAtMs } of unconfirmed(store.messages, id)) {
    count += 1;
    if (status === "queued") unsent += 1;
    sinceMs = Math.min(sinceMs, sentAtMs);
  }
  const isComplete = gaps.length === 0 && held === 0 && count === 0;
  return {
    missing: gaps.length,
    ...(gaps.length > 0 && { missingSince: new Date(Math.min(...gaps.map((gap) => gap.sinceMs))) }),
    held,
    unconfirmed: count,
    ...(count > 0 && { unconfirmedSince: new Date(sinceMs) }),
    unsent,
    canSend: !peers.isBlocked(id) && peers.sessionForSending(id) !== undefined,
    isComplete,
  };
}
