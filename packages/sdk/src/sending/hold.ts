/**
 * When nothing is to be sent: while there is no connection, and for a growing while after a message did not reach a
 * service node. Attempts that cannot succeed would use up quota.
 * @module
 */
import type { Context } from "../context.ts";

const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 60_000;

type HoldParts = Pick<Context, "delivery" | "clock" | "notifier" | "random">;

export class Hold {
  readonly #context: HoldParts;
  readonly #onChange: (isHeld: boolean) => void;
  readonly #stopObserving: () => void;
  #failures = 0;
  #cancelPause: (() => void) | undefined;
  #isClosed = false;

  constructor(context: HoldParts, onChange: (isHeld: boolean) => void) {
    this.#context = context;
    this.#onChange = onChange;
    this.#stopObserving = context.delivery.onHealthChange((health) => {
      if (health !== "disconnected") this.onReached();
      this.#endPause();
      onChange(this.isHeld);
    });
  }

  get isHeld(): boolean {
    return this.#cancelPause !== undefined || this.#context.delivery.health === "disconnected";
  }

  onReached(): void {
    this.#failures = 0;
  }

  /** Several messages that fail together make one pause. */
  onUnreachable(error: unknown): void {
    if (this.isHeld || this.#isClosed) return;
    // Being offline is told by the connection; a connection over which nothing can be published is worth an event.
    this.#context.notifier.notify({ kind: "error", error });
    this.#failures += 1;
    this.#cancelPause = this.#context.clock.after(this.#pauseMs(), () => {
      this.#cancelPause = undefined;
      this.#onChange(this.isHeld);
    });
    this.#onChange(true);
  }

  close(): void {
    this.#isClosed = true;
    this.#endPause();
    this.#stopObserving();
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  /** From one second, doubling up to a minute, with jitter. */
  #pauseMs(): number {
    const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    return pauseMs * (0.5 + (this.#context.random(1)[0] ?? 0) / 256);
  }
}
