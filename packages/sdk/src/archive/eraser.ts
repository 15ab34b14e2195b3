/**
 * Deleting: messages, conversations, and messages whose time is over. What is gone from the database is gone from the
 * outbox, the timers and the memory as well.
 * @module
 */
import type { Context } from "../context.ts";
import { encodePeerFile, newPeerFile } from "../peers/peer-file.ts";
import type { PartialSets } from "../receiving/partial-sets.ts";
import { endSession, forgetSession } from "../sessions/ended-session.ts";

/** As long as anything of a deleted message may arrive again: keys of missing messages are kept no longer. */
const REMEMBERED_MS = 31 * 24 * 60 * 60 * 1000;
const EXPIRED_AT_ONCE = 100;
const FAILED_PAUSE_MS = 60_000;

export class Eraser {
  readonly #context: Context;
  readonly #partialSets: PartialSets;
  #cancelExpiry: () => void = () => {};
  #isClosed = false;

  constructor(context: Context, partialSets: PartialSets) {
    this.#context = context;
    this.#partialSets = partialSets;
  }

  /** Forgets deletions that cannot matter any more, and deletes what expired while no process ran. */
  async start(): Promise<void> {
    const { store, clock } = this.#context;
    const nowMs = clock.nowMs();
    await store.write(({ messages }) => messages.forgetDeleted(Math.max(0, nowMs - REMEMBERED_MS)));
    await this.#expire();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelExpiry();
  }

  async deleteMessage(conversationId: string, id: string): Promise<void> {
    const { store, clock, serial, outbox } = this.#context;
    await serial.run(conversationId, async () => {
      await store.write(({ messages }) => messages.deleteMessage(id, clock.nowMs()));
      outbox.forgetMessage(id);
    });
  }

  /** Its sessions end: what the other side still sends is for nobody. A new invite begins anew. */
  async deleteConversation(id: string): Promise<void> {
    const { store, clock, serial, sessions, peers, invites } = this.#context;
    const gone = await serial.run(id, async () => {
      const ended = sessions.ofConversation(id);
      const file = peers.get(id);
      // Nothing is left of a person but that they are blocked.
      const blocked = file?.standing === "blocked" ? newPeerFile(id, file.sessions.key, "blocked") : undefined;
      await store.write((tx) => {
        tx.messages.deleteConversation({
          id,
          sessionIds: ended.map((session) => session.id),
          deletedAtMs: clock.nowMs(),
        });
        for (const session of ended) endSession(tx, session.id);
        if (blocked === undefined) tx.secrets.deletePeer(id);
        else tx.secrets.putPeer(encodePeerFile(blocked));
      });
      if (blocked === undefined) peers.remove(id);
      else peers.replace(blocked);
      for (const session of ended) forgetSession(session, this.#context);
      await this.#partialSets.reload();
      return { ended, renewals: file?.sessions.offered ?? [] };
    });
    for (const { inviteId } of gone.renewals) await invites.revoke(inviteId, clock.nowMs());
    for (const { incomingHandshake } of gone.ended) {
      if (incomingHandshake !== undefined) await invites.note(incomingHandshake, "deleted", clock.nowMs());
    }
  }

  /** The earlier time stays. */
  async setExpiry(id: string, atMs: number): Promise<void> {
    await this.#context.store.write(({ messages }) => messages.setExpiry(id, atMs));
    await this.#plan();
  }

  async #plan(): Promise<void> {
    const { store, clock } = this.#context;
    const atMs = await store.messages.nextExpiry();
    this.#cancelExpiry();
    if (atMs === undefined || this.#isClosed) return;
    this.#cancelExpiry = clock.after(Math.max(0, atMs - clock.nowMs()), () => void this.#expireLater());
  }

  async #expireLater(): Promise<void> {
    try {
      await this.#expire();
    } catch (error) {
      if (this.#isClosed) return;
      this.#context.notifier.notify({ kind: "error", error });
      this.#cancelExpiry = this.#context.clock.after(FAILED_PAUSE_MS, () => void this.#expireLater());
    }
  }

  async #expire(): Promise<void> {
    const { store, clock, outbox, notifier } = this.#context;
    for (;;) {
      const nowMs = clock.nowMs();
      const expired = await store.messages.expired(nowMs, EXPIRED_AT_ONCE);
      if (expired.length === 0 || this.#isClosed) break;
      await store.write(({ messages }) => messages.deleteExpired(nowMs, expired.length));
      for (const { id: messageId, conversationId } of expired) {
        outbox.forgetMessage(messageId);
        notifier.notify({ kind: "expired", messageId, conversationId });
      }
    }
    await this.#plan();
  }
}
