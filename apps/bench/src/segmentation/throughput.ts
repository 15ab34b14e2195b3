/**
 * Work per time.
 * @module
 */

/** A round repeats its work until this much time is over: short work is not at the mercy of one interruption. */
const ROUND_MS = 200;

/** @returns in MB/s (10^6 bytes), for work that each time gets through `bytes` */
export async function throughput(bytes: number, work: () => void | Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  let elapsedMs = 0;
  let times = 0;
  while (elapsedMs < ROUND_MS) {
    await work();
    times += 1;
    elapsedMs = performance.now() - startedAtMs;
  }
  return (times * bytes) / 1000 / elapsedMs;
}
