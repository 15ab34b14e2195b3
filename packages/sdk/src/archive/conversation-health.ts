/**
 * What a conversation still waits for, in both directions.
 * @module
 */
import type { MessageStore } from "@chat/store";
import type { Context } from "../context.ts";

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

const PAGE = 200;

export async function conversationHealth(
  { sessions, peers, store }: Pick<Context, "sessions" | "peers" | "store">,
  id: string,
): Promise<ConversationHealth> {
  const own = sessions.all().filter(({ conversationId }) => conversationId === id);
  const gaps = own.flatMap(({ sds }) => sds.missing);
  const held = own.reduce((count, { sds }) => count + sds.held.length, 0);
  const [queued, sent] = [await count(store.messages, id, "queued"), await count(store.messages, id, "sent")];
  const unconfirmed = queued.count + sent.count;
  const sinceMs = Math.min(queued.oldestMs, sent.oldestMs);
  const isComplete = gaps.length === 0 && held === 0 && unconfirmed === 0;
  return {
    missing: gaps.length,
    ...(gaps.length > 0 && { missingSince: new Date(Math.min(...gaps.map((gap) => gap.sinceMs))) }),
    held,
    unconfirmed,
    ...(unconfirmed > 0 && { unconfirmedSince: new Date(sinceMs) }),
    unsent: queued.count,
    canSend: !peers.isBlocked(id) && peers.sessionForSending(id) !== undefined,
    isComplete,
  };
}

async function count(messages: MessageStore, conversationId: string, status: "queued" | "sent") {
  let [total, oldestMs] = [0, Number.POSITIVE_INFINITY];
  let before: number | undefined;
  for (;;) {
    const options = { limit: PAGE, conversationId, ...(before !== undefined && { before }) };
    const page = await messages.withStatus(status, options);
    total += page.length;
    for (const { sentAtMs } of page) oldestMs = Math.min(oldestMs, sentAtMs);
    before = page.at(-1)?.sequence;
    if (page.length < PAGE) return { count: total, oldestMs };
  }
}
