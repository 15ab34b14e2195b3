/**
 * Holds messages that arrived before one that they follow, so that people read them in order. Service nodes sort by
 * the second, so this is common. Nothing of a held message is durable or acknowledged: a crash loses nothing, it comes
 * again from the store or from its sender.
 * @module
 */
import type { Clock } from "../clock.ts";

/** A gap blocks what follows no longer than this; then it is reported as missing. */
const HOLD_MS = 4000;
const MAX_HELD = 1024;
const MAX_HELD_BYTES = 64 * 1024 * 1024;

export type EarlyMessage = {
  /** SDS ids that have not arrived. */
  readonly waitsFor: readonly string[];
  readonly lamport: number;
  readonly sizeBytes: number;
  /** Processes it again; `mayHold: false` takes it as it is. */
  readonly retry: (options: { readonly mayHold: boolean }) => void;
};

type HeldMessage = EarlyMessage & { readonly sinceMs: number };

export class EarlyMessages {
  readonly #clock: Clock;
  readonly #held = new Map<string, HeldMessage[]>();
  readonly #timers = new Map<string, () => void>();
  #count = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when too much is held already: then the message is to be taken as it is. */
  hold(sessionId: string, message: EarlyMessage): boolean {
    if (this.#count >= MAX_HELD || this.#bytes + message.sizeBytes > MAX_HELD_BYTES) return false;
    const sinceMs = this.#clock.nowMs();
    this.#put(sessionId, [...(this.#held.get(sessionId) ?? []), { ...message, sinceMs }]);
    if (!this.#timers.has(sessionId)) {
      this.#timers.set(
        sessionId,
        this.#clock.after(HOLD_MS, () => this.#giveUp(sessionId)),
      );
    }
    return true;
  }

  /** Whether anything of the session waits. */
  holds(sessionId: string): boolean {
    return this.#held.has(sessionId);
  }

  /** Whether anything has been waiting for so long: then it did not just overtake another. */
  hasWaited(durationMs: number): boolean {
    const latestMs = this.#clock.nowMs() - durationMs;
    return [...this.#held.values()].some((messages) => messages.some(({ sinceMs }) => sinceMs <= latestMs));
  }

  /** Call it when `sdsId` is durable: what waited for it has its turn. */
  arrived(sessionId: string, sdsId: string): void {
    const held = this.#held.get(sessionId) ?? [];
    const ready = held.filter(({ waitsFor }) => waitsFor.includes(sdsId));
    if (ready.length === 0) return;
    this.#put(
      sessionId,
      held.filter((message) => !ready.includes(message)),
    );
    for (const { retry } of ready) retry({ mayHold: true });
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#held.clear();
  }

  #giveUp(sessionId: string): void {
    this.#timers.delete(sessionId);
    const held = [...(this.#held.get(sessionId) ?? [])].sort((a, b) => a.lamport - b.lamport);
    this.#put(sessionId, []);
    for (const { retry } of held) retry({ mayHold: false });
  }

  #put(sessionId: string, messages: HeldMessage[]): void {
    const before = this.#held.get(sessionId) ?? [];
    this.#count += messages.length - before.length;
    this.#bytes += sizeOf(messages) - sizeOf(before);
    if (messages.length > 0) this.#held.set(sessionId, messages);
    else {
      this.#held.delete(sessionId);
      this.#timers.get(sessionId)?.();
      this.#timers.delete(sessionId);
    }
  }
}

function sizeOf(messages: readonly EarlyMessage[]): number {
  return messages.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}
