/**
 * Drains the outbox into the network: pins each row's timestamp, publishes, and forgets it when a service node took it.
 * Rows survive a crash; a row that was published just before is published again with the same timestamp, so with the
 * same hash, and the network drops the copy.
 * @module
 */
import type { OutboxRecord } from "@chat/store";
import type { Context } from "../context.ts";
import { ChatError } from "../errors.ts";

/** Light push answers in milliseconds on a LAN and in a second or so on the internet. */
const CONCURRENT_PUBLICATIONS = 8;
/** How far to look past rows that wait for their next try. */
const LOOK_AHEAD = 64;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** A service node that refuses this often (about five minutes) will go on refusing. */
const MAX_REFUSALS = 9;
/** Service nodes take timestamps of the last ten minutes and the next twenty seconds. */
const OLDEST_STAMP_MS = 8 * 60 * 1000;
const NEWEST_STAMP_MS = 15 * 1000;

type Refused = { readonly count: number; readonly notBeforeMs: number };

export class Outbox {
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #stopObserving: () => void;
  readonly #refused = new Map<string, Refused>();
  #draining: Promise<void> | undefined;
  /** Set while it waits for service nodes to come back. */
  #cancelRetry: (() => void) | undefined;
  #cancelWakeUp: () => void = () => {};
  #hasMore = false;
  #failures = 0;

  constructor(context: Context) {
    this.#context = context;
    const stopNotifier = context.notifier.observe(({ kind }) => {
      if (kind === "outbox") this.drain();
    });
    const stopHealth = context.delivery.onHealthChange((health) => {
      if (health === "connected") this.#tryNow();
    });
    this.#stopObserving = () => {
      stopNotifier();
      stopHealth();
    };
  }

  /** Starts publishing what waits, unless that is under way or waits for its next try. */
  drain(): void {
    this.#hasMore = true;
    if (this.#draining !== undefined || this.#cancelRetry !== undefined || this.#closing.signal.aborted) return;
    this.#draining = this.#run().finally(() => {
      this.#draining = undefined;
      if (this.#hasMore) this.drain();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelRetry?.();
    this.#cancelWakeUp();
    this.#stopObserving();
    await this.#draining;
  }

  #tryNow(): void {
    this.#failures = 0;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.drain();
  }

  async #run(): Promise<void> {
    try {
      while (this.#hasMore && !this.#closing.signal.aborted) {
        this.#hasMore = false;
        const rows = await this.#nextRows();
        if (rows.length === 0) break;
        await this.#stamp(rows);
        const outcomes = await Promise.allSettled(rows.map((row) => this.#publish(row)));
        const failure = outcomes.find((outcome) => outcome.status === "rejected");
        if (failure !== undefined) throw failure.reason;
        this.#failures = 0;
        this.#hasMore = true;
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // Being offline is told by the connection; a connection over which nothing can be published is worth an event.
      const isOffline = error instanceof ChatError && this.#context.delivery.health !== "connected";
      if (!isOffline) this.#context.notifier.notify({ kind: "error", error });
      this.#failures += 1;
      this.#cancelRetry = this.#context.clock.after(this.#pauseMs(this.#failures), () => {
        this.#cancelRetry = undefined;
        this.drain();
      });
    }
  }

  /** The oldest rows that are due; a refused row waits by itself and holds up nothing. */
  async #nextRows(): Promise<OutboxRecord[]> {
    const nowMs = this.#context.clock.nowMs();
    const rows = await this.#context.store.messages.outbox(LOOK_AHEAD);
    const dueAtMs = ({ id }: OutboxRecord) => this.#refused.get(id)?.notBeforeMs ?? 0;
    const due = rows.filter((row) => dueAtMs(row) <= nowMs).slice(0, CONCURRENT_PUBLICATIONS);
    if (due.length === 0 && rows.length > 0) {
      this.#cancelWakeUp();
      const nextMs = Math.min(...rows.map(dueAtMs));
      this.#cancelWakeUp = this.#context.clock.after(nextMs - nowMs, () => this.drain());
    }
    return due;
  }

  /** A whole second, so that it says little; durable before the first transmission and never changed after. */
  async #stamp(rows: OutboxRecord[]): Promise<void> {
    const unstamped = rows.filter(({ timestampMs }) => timestampMs === undefined);
    if (unstamped.length === 0) return;
    const timestampMs = Math.floor(this.#context.clock.nowMs() / 1000) * 1000;
    await this.#context.store.write((tx) => {
      for (const { id } of unstamped) tx.messages.stampOutbox(id, timestampMs);
    });
    for (const row of unstamped) rows[rows.indexOf(row)] = { ...row, timestampMs };
  }

  async #publish(row: OutboxRecord): Promise<void> {
    const { topic, payload, timestampMs = 0, sessionId } = row;
    const ageMs = this.#context.clock.nowMs() - timestampMs;
    if (ageMs > OLDEST_STAMP_MS || ageMs < -NEWEST_STAMP_MS) {
      this.#refused.delete(row.id);
      // No service node takes this timestamp any more: SDS sends the content again, in a new envelope.
      await this.#context.store.write((tx) => tx.messages.deleteOutbox(row.id));
      this.#context.notifier.notify({
        kind: "session",
        sessionId,
        owesAcknowledgement: row.purpose === "acknowledgement",
      });
      return;
    }
    try {
      await this.#context.delivery.publish({ topic, payload, timestampMs }, { signal: this.#closing.signal });
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== "DELIVERY_REFUSED") throw error;
      const count = (this.#refused.get(row.id)?.count ?? 0) + 1;
      if (count === 1) this.#context.notifier.notify({ kind: "error", error });
      if (error.retryable && count < MAX_REFUSALS) {
        this.#refused.set(row.id, { count, notBeforeMs: this.#context.clock.nowMs() + this.#pauseMs(count) });
        return;
      }
      await this.#finish(row, "failed");
      return;
    }
    await this.#finish(row, "sent");
  }

  /** Forgets the row; with the last row of a message goes the message's status. */
  async #finish({ id, messageId, purpose, sessionId }: OutboxRecord, status: "sent" | "failed"): Promise<void> {
    const { store, serial, sessions, notifier } = this.#context;
    this.#refused.delete(id);
    const ofMessage = status === "failed" && purpose !== "content" ? undefined : messageId;
    // One at a time for each message, so that exactly one of its rows finds itself the last.
    await serial.run(`outbox ${messageId ?? id}`, async () => {
      const isLast = ofMessage !== undefined && (await store.messages.unsentCount(ofMessage)) <= 1;
      const changed = isLast || status === "failed" ? ofMessage : undefined;
      await store.write((tx) => {
        tx.messages.deleteOutbox(id);
        if (changed !== undefined) tx.messages.setStatus(changed, status);
      });
      const conversationId = sessions.get(sessionId)?.conversationId;
      if (changed === undefined || conversationId === undefined) return;
      notifier.notify({ kind: "status", messageId: changed, conversationId, status });
    });
  }

  /** From one second, doubling up to a minute, with jitter. */
  #pauseMs(failures: number): number {
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
    return delayMs * (0.5 + (this.#context.random(1)[0] ?? 0) / 256);
  }
}
