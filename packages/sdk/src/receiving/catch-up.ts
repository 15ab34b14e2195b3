/**
 * Reads from the store nodes what the subscription missed: at start, after every reconnect, when something is missing,
 * and now and then.
 * @module
 */
import type { Context } from "../context.ts";
import type { DeliveryService } from "../delivery/delivery-service.ts";
import type { Receiver } from "./receiver.ts";

/** Messages may carry the timestamp of a slow clock, or reach a store node late. */
const OVERLAP_MS = 10 * 60 * 1000;
/** The cursor never comes closer to now than this. */
const SETTLE_MS = 60 * 1000;
const PERIOD_MS = 5 * 60 * 1000;
const SUBSCRIPTION_SETTLES_MS = 1500;
/** What is merely out of order arrives by itself within this time. */
const PAUSE_MS = 500;
/** A crash in a long catch-up resumes at most so many messages back. */
const SAVE_CURSOR_EVERY = 200;

export class CatchUp {
  readonly #context: Context;
  readonly #receiver: Receiver;
  readonly #topic: string;
  readonly #closing = new AbortController();
  readonly #stopObserving: () => void;
  #running: Promise<void> | undefined;
  #runAgain = false;
  /** Something is reported as missing and was not looked for yet. */
  #isMissing = false;
  #cancelNext: () => void = () => {};
  #cancelSettled: () => void = () => {};
  #cancelLook: (() => void) | undefined;

  readonly #onMissed: () => void;
  /** When the connection was last there without a break. */
  #connectedSinceMs: number;

  /**
   * @param mailbox - topic of this account
   * @param onMissed - told of each message that the subscription should have brought and did not
   */
  constructor(context: Context, receiver: Receiver, mailbox: string, onMissed: () => void) {
    this.#context = context;
    this.#receiver = receiver;
    this.#topic = mailbox;
    this.#onMissed = onMissed;
    this.#connectedSinceMs = context.clock.nowMs();
    const stopHealth = this.#onReconnect(context.delivery);
    const stopNotifier = context.notifier.observe(({ kind }) => {
      if (kind !== "early" && kind !== "missing") return;
      if (kind === "missing") this.#isMissing = true;
      this.#lookSoon();
    });
    this.#stopObserving = () => {
      stopHealth();
      stopNotifier();
    };
  }

  /** Catches up now; if that is under way, once more afterwards. */
  start(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#running !== undefined) {
      this.#runAgain = true;
      return;
    }
    this.#cancelNext();
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#runAgain) {
        this.#runAgain = false;
        this.start();
      } else this.#schedule(PERIOD_MS);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelNext();
    this.#cancelSettled();
    this.#cancelLook?.();
    this.#stopObserving();
    await this.#running;
  }

  /** @returns the function that ends the observation */
  #onReconnect(delivery: DeliveryService): () => void {
    const { clock } = this.#context;
    const look = () => {
      this.#connectedSinceMs = clock.nowMs();
      this.start();
    };
    if (delivery.onGap !== undefined) return delivery.onGap(look);
    return delivery.onHealthChange((health) => {
      if (health === "disconnected") return;
      look();
      // The subscription is renewed at an unknown moment after a reconnect: look once more behind it.
      this.#cancelSettled();
      this.#cancelSettled = clock.after(SUBSCRIPTION_SETTLES_MS, () => this.start());
    });
  }

  /** Messages overtake each other all the time: worth a query is what is missing, or goes on waiting. */
  #lookSoon(): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelLook ??= this.#context.clock.after(PAUSE_MS, () => {
      this.#cancelLook = undefined;
      const { held } = this.#receiver;
      if ((this.#isMissing && this.#isAnythingMissing()) || held.hasWaited(PAUSE_MS)) {
        this.#isMissing = false;
        this.start();
      } else if (held.hasWaited(0)) this.#lookSoon();
    });
  }

  #isAnythingMissing(): boolean {
    return this.#context.sessions.all().some(({ sds }) => sds.missing.length > 0);
  }

  #schedule(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelNext();
    this.#cancelNext = this.#context.clock.after(delayMs, () => this.start());
  }

  async #run(): Promise<void> {
    const { store, clock, account, delivery, notifier } = this.#context;
    try {
      const startedAtMs = clock.nowMs();
      const cursorMs = (await store.messages.cursor(this.#topic)) ?? account.createdAtMs;
      const range = { fromMs: Math.max(0, cursorMs - OVERLAP_MS), toMs: startedAtMs + OVERLAP_MS };
      let count = 0;
      for await (const message of delivery.query([this.#topic], range, { signal: this.#closing.signal })) {
        const isNews = await this.#receiver.receive(message);
        if (isNews && message.timestampMs > this.#connectedSinceMs) this.#onMissed();
        if (this.#closing.signal.aborted) return;
        count += 1;
        if (count % SAVE_CURSOR_EVERY !== 0) continue;
        await this.#saveCursor(Math.min(message.timestampMs, startedAtMs));
        notifier.notify({ kind: "catch-up", messages: count, isDone: false });
      }
      await this.#saveCursor(startedAtMs);
      notifier.notify({ kind: "catch-up", messages: count, isDone: true });
    } catch (error) {
      // No store node answers: the next reconnect or period tries again from the same cursor.
      if (!this.#closing.signal.aborted && delivery.health !== "disconnected") {
        notifier.notify({ kind: "error", error });
      }
    }
  }

  async #saveCursor(reachedMs: number): Promise<void> {
    const { store, clock } = this.#context;
    const cursorMs = Math.max(0, Math.min(reachedMs, clock.nowMs() - SETTLE_MS));
    const savedMs = (await store.messages.cursor(this.#topic)) ?? 0;
    if (cursorMs > savedMs) await store.write((tx) => tx.messages.setCursor(this.#topic, cursorMs));
  }
}
