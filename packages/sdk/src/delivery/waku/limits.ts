/**
 * Deadlines: neither libp2p nor a service node that hangs has one of its own.
 * @module
 */
import type { Clock } from "../../clock.ts";
import { ChatError } from "../../errors.ts";

export class Limits {
  readonly #clock: Clock;
  readonly #running = new Set<(reason: unknown) => void>();
  #closedBecause: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs `work` until it settles, the limit is over, `signal` aborts, or all is closed, whichever is first; then its own
   * signal aborts.
   *
   * @throws {@link ChatError} `PEER_UNREACHABLE` when the limit is over; the signal's reason; what `work` throws
   */
  async within<Result>(
    limitMs: number,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#closedBecause !== undefined) throw this.#closedBecause;
    const controller = new AbortController();
    const interrupted = Promise.withResolvers<never>();
    const interrupt = (reason: unknown) => {
      interrupted.reject(reason);
      controller.abort(reason);
    };
    this.#running.add(interrupt);
    const cancel = this.#clock.after(limitMs, () => interrupt(silent(limitMs)));
    const onAbort = () => interrupt(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    const working = work(controller.signal);
    try {
      return await Promise.race([working, interrupted.promise]);
    } finally {
      cancel();
      this.#running.delete(interrupt);
      signal?.removeEventListener("abort", onAbort);
      working.catch(() => {}); // it may still fail when nobody waits any more
    }
  }

  /** Ends everything that is under way, and lets nothing begin. */
  close(): void {
    this.#closedBecause = new ChatError("PEER_UNREACHABLE", "the connection was closed", { retryable: true });
    for (const interrupt of [...this.#running]) interrupt(this.#closedBecause);
  }
}

function silent(limitMs: number): ChatError {
  return new ChatError("PEER_UNREACHABLE", `a service node did not answer within ${limitMs} ms`, { retryable: true });
}
