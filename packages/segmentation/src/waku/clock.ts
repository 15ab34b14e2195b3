/**
 * Time as the helper needs it: tests bring their own.
 * @module
 */
import type { Clock } from "../options.ts";

export interface WakuClock extends Clock {
  /** Calls `run` once after `delayMs`, unless the returned function is called first. */
  after(delayMs: number, run: () => void): () => void;
}

// setTimeout takes 32 bits; a longer wait fires early and its owner looks at the clock again.
const MAX_TIMER_MS = 2 ** 31 - 1;

/** For what somebody waits for. */
export const systemClock: WakuClock = {
  nowMs: Date.now,
  after(delayMs, run) {
    const timer = startTimer(delayMs, run);
    return () => clearTimeout(timer);
  },
};

/** For housekeeping: its timers do not keep a Node process alive. */
export const backgroundClock: WakuClock = {
  nowMs: Date.now,
  after(delayMs, run) {
    const timer = startTimer(delayMs, run);
    const handle: unknown = timer; // an object in Node, a number in browsers
    if (isTimerObject(handle)) handle.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * What `work` gives, or undefined when it takes longer than `limitMs`.
 *
 * @throws what `work` throws; the reason of `signal`, as soon as that is aborted
 */
export async function within<Result>(
  limitMs: number,
  work: Promise<Result>,
  { clock, signal }: { readonly clock: WakuClock; readonly signal: AbortSignal },
): Promise<Result | undefined> {
  signal.throwIfAborted();
  const end = Promise.withResolvers<undefined>();
  const cancel = clock.after(limitMs, () => end.resolve(undefined));
  const onAbort = () => end.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
    work.catch(() => {}); // it may still fail when nobody waits any more
  }
}

/** @throws the reason of `signal`, as soon as that is aborted */
export async function wait(delayMs: number, time: { readonly clock: WakuClock; readonly signal: AbortSignal }) {
  await within(delayMs, new Promise<never>(() => {}), time);
}

function startTimer(delayMs: number, run: () => void) {
  return setTimeout(run, Math.min(delayMs, MAX_TIMER_MS));
}

function isTimerObject(timer: unknown): timer is { unref(): void } {
  return typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function";
}
