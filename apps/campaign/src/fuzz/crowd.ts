/**
 * A set of which all is forged, several times over: whatever a receiver does to find the true segments, it finds none,
 * and the work that it takes must be in proportion to what was sent.
 * @module
 */
import type { Random } from "../random.ts";
import { check, WatchedReassembler } from "./watched-reassembler.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Far beyond what was measured on a busy machine, far below what a search without limits takes. */
const MOST_MS_PER_KB = 50;

/** Small sets tell of the machine's pauses and of code that is not compiled yet. */
const PAUSE_MS = 2_000;
const LEAST_BYTES = 20_000;

/** Milliseconds for each kilobyte that was sent, 0 for a small set; and the slowest call. */
export function runCrowd(
  random: Random,
  writer: WireWriter,
): { readonly msPerKb: number; readonly slowestCallMs: number } {
  const dataCount = random.spread(2, 500);
  const parityCount = random.pick([0, dataCount >> 3, random.between(0, dataCount), dataCount]);
  const chunkSize = 64 * random.spread(1, 8);
  const bytes = 2 ** 24;
  const bounds = { maxBufferedBytes: bytes, maxBufferedBytesPerSender: bytes, maxSets: 1, maxSetsPerSender: 1 };
  const options = {
    maxMessageSize: 2_000,
    wrap: "always",
    blind: false,
    random: (length: number) => random.bytes(length),
  } as const;
  const receiver = new WatchedReassembler({ ...options, ...bounds }, new Map(), () => {});
  const header = { hash: random.bytes(32), length: dataCount * chunkSize, dataCount, parityCount };
  let sent = 0;
  let tookMs = 0;
  for (let round = random.between(1, 4); round > 0; round -= 1) {
    for (const position of random.shuffle([...Array(dataCount + parityCount).keys()])) {
      const isParity = position >= dataCount;
      const index = isParity ? position - dataCount : position;
      writer.reset().segment({ ...header, index, isParity }, random.bytes(chunkSize));
      const startedAtMs = performance.now();
      receiver.accept(writer.bytes, undefined, 0);
      tookMs += performance.now() - startedAtMs;
      sent += writer.length;
    }
  }
  receiver.finish(0);
  check(
    tookMs < PAUSE_MS + (MOST_MS_PER_KB * sent) / 1_000,
    () => `a set of ${dataCount} and ${parityCount} forged segments, ${sent} bytes in all, took ${tookMs} ms`,
  );
  const msPerKb = sent < LEAST_BYTES ? 0 : tookMs / (sent / 1_000);
  return { msPerKb, slowestCallMs: receiver.slowestCallMs };
}
