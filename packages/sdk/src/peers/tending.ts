/**
 * What time ends: sessions that are sent on no more and on which nothing has opened for 30 days, invites with their keys.
 * @module
 */
import { tendSessions } from "@chat/ratchet";
import type { Context } from "../context.ts";
import { changePeer } from "./change-peer.ts";
import { isNews } from "./peer-file.ts";

const EVERY_MS = 24 * 60 * 60 * 1000;

export class Tending {
  readonly #context: Context;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Now, and once a day. */
  start(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#context.clock.after(EVERY_MS, () => this.start());
    void this.#tend();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #tend(): Promise<void> {
    const { peers, serial, invites, clock, notifier } = this.#context;
    try {
      for (const { id } of peers.all()) {
        await serial.run(id, async () => {
          const file = peers.get(id);
          if (this.#isClosed || file === undefined) return;
          const { peer: sessions, dropped } = tendSessions(file.sessions, { nowMs: clock.nowMs() });
          if (dropped.length > 0 || isNews(sessions, file.sessions)) {
            const mustRedeliver = file.mustRedeliver || dropped.length > 0;
            await changePeer({ ...file, sessions, mustRedeliver }, dropped, this.#context);
          }
        });
      }
      if (!this.#isClosed) await invites.tend(clock.nowMs());
    } catch (error) {
      if (!this.#isClosed) notifier.notify({ kind: "error", error }); // tomorrow again
    }
  }
}
