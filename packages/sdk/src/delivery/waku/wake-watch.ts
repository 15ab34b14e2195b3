/**
 * Notices that this machine was asleep: then timers fire late, and connections may be gone without having been closed.
 * In browsers, also that there is a network again.
 * @module
 */
import type { Clock } from "../../clock.ts";

const LOOK_EVERY_MS = 2_000;
/** Later than this is no busy process any more; and if it is, a look at the connections does no harm. */
const LATE_MS = 5_000;

export class WakeWatch {
  readonly #clock: Clock;
  readonly #onWake: () => void;
  #cancel: () => void = () => {};

  constructor(clock: Clock, onWake: () => void) {
    this.#clock = clock;
    this.#onWake = onWake;
    this.#lookLater();
    // Node has no such events.
    globalThis.addEventListener?.("online", onWake);
  }

  close(): void {
    this.#cancel();
    globalThis.removeEventListener?.("online", this.#onWake);
  }

  #lookLater(): void {
    const dueMs = this.#clock.nowMs() + LOOK_EVERY_MS;
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      const isLate = this.#clock.nowMs() - dueMs > LATE_MS;
      this.#lookLater();
      if (isLate) this.#onWake();
    });
  }
}
