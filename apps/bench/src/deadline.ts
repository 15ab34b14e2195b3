/**
 * No wait without an end.
 * @module
 */
import { BenchError } from "./errors.ts";

export interface Deadline {
  readonly limitMs: number;
  /** What is waited for, as it should read in the error. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The result of `work`, which goes on by itself when it comes too late.
 * @throws {@link BenchError} `DEADLINE`; the signal's reason
 */
export async function within<Result>(
  { limitMs, what, signal }: Deadline,
  work: () => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => ended.reject(new BenchError("DEADLINE", `${what}: not within ${limitMs} ms`)),
    limitMs,
  );
  const onAbort = () => ended.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const result = work();
  try {
    return await Promise.race([result, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    result.catch(() => {}); // it may still fail when nobody waits any more
  }
}
