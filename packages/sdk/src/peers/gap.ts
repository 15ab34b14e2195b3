/**
 * What a restored peer says that it lacks, and what there is of that here.
 * Spec: `docs/protocol.md`, "Sessions": after a restore.
 * @module
 */
import { preferSession } from "@chat/ratchet";
import { encodeState } from "@chat/sds";
import type { MessageEntry, MessageStore } from "@chat/store";
import type { Context } from "../context.ts";
import type { Session } from "../sessions/session.ts";
import type { SessionStep } from "../sessions/session-step.ts";
import type { Gap } from "./peer-file.ts";

/** What overtakes is that much older at most; what the peer has after all is not shown twice. */
const OVERLAP_MS = 10 * 60 * 1000;
const MAX_RESENT = 1_000;
/** Older messages are only counted: whoever steals the keys of a peer must not get years of what was said by asking for it. */
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
const PAGE = 100;
const NEVER_SENT: readonly MessageEntry["status"][] = ["dropped", "failed", "cancelled"];

export type GapContents = {
  /** Oldest first. */
  readonly toSend: readonly MessageEntry[];
  /** Of those, that the peer does not have. */
  readonly missing: number;
  /** That the peer does not have, beyond what is sent again. */
  readonly unavailable: number;
  /** The peer's own that it does not have. */
  readonly known: number;
};

/** Up to where a conversation is here: for a peer that is to send what came after. */
export async function reachOf({ store, clock }: Context, conversationId: string): Promise<Gap> {
  let [receivedUntilMs, sentUntilMs] = [0, 0];
  for await (const page of pages(store.messages, conversationId)) {
    for (const { direction, sentAtMs } of page) {
      if (direction === "incoming") receivedUntilMs = Math.max(receivedUntilMs, sentAtMs);
      else sentUntilMs = Math.max(sentUntilMs, sentAtMs);
    }
    if (receivedUntilMs > 0 && sentUntilMs > 0) break;
  }
  return { receivedUntilMs, sentUntilMs, noticedAtMs: clock.nowMs() };
}

export async function contentsOf({ store, clock }: Context, conversationId: string, gap: Gap): Promise<GapContents> {
  const { messages } = store;
  const oldestMs = Math.max(gap.receivedUntilMs - OVERLAP_MS, clock.nowMs() - MAX_AGE_MS);
  const toSend: MessageEntry[] = [];
  let [missing, unavailable, known] = [0, 0, 0];
  for await (const page of pages(messages, conversationId)) {
    const isOver = page.every(({ direction, sentAtMs }) => {
      return sentAtMs <= (direction === "incoming" ? gap.sentUntilMs : gap.receivedUntilMs - OVERLAP_MS);
    });
    if (isOver) break;
    for (const record of page) {
      const { direction, status, sentAtMs, id } = record;
      if (direction === "incoming") {
        if (sentAtMs > gap.sentUntilMs && sentAtMs <= gap.noticedAtMs) known += 1;
      } else if (sentAtMs > gap.receivedUntilMs - OVERLAP_MS && !NEVER_SENT.includes(status)) {
        const isMissing = sentAtMs > gap.receivedUntilMs;
        const isAvailable = sentAtMs > oldestMs && toSend.length < MAX_RESENT;
        if (isMissing && isAvailable) missing += 1;
        else if (isMissing) unavailable += 1;
        if (isAvailable && (await messages.pendingCount(id)) === 0) toSend.push(record);
      }
    }
  }
  return { toSend: toSend.reverse(), missing, unavailable, known };
}

/**
 * Adds to the step that the peer was restored: it has lost the sessions of before this one, so what nobody confirmed goes
 * out on this one. What the peer itself sent before is still received on them.
 */
export function noteGap(step: SessionStep, { receivedUntilMs, sentUntilMs, noticedAtMs }: Gap, context: Context): void {
  step.change(preferSession(step.peer.sessions, step.session.id, { nowMs: context.clock.nowMs() }));
  for (const { id } of step.peer.sessions.sessions) {
    const session = id === step.session.id ? undefined : context.sessions.get(id);
    if (session === undefined) continue;
    const silent: Session = { ...session, sds: { ...session.sds, outstanding: [] } };
    step.write(({ messages }) => {
      messages.deleteUnsent(id);
      messages.putSdsState(id, encodeState(silent.sds));
    });
    step.afterwards(() => {
      context.sessions.replace(silent);
      context.outbox.forgetSession(id);
    });
  }
  step.peer = { ...step.peer, mustRedeliver: true, gap: { receivedUntilMs, sentUntilMs, noticedAtMs } };
}

/** Newest first. */
async function* pages(messages: MessageStore, conversationId: string): AsyncGenerator<readonly MessageEntry[]> {
  let before: MessageEntry | undefined;
  for (;;) {
    const page = await messages.entryPage(conversationId, { limit: PAGE, ...(before && { before }) });
    if (page.length === 0) return;
    yield page.toReversed();
    before = page[0];
  }
}
