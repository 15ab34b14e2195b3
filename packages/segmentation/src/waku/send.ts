/**
 * Sends a payload of any size by light push: as it is when it fits one message, else in segments with parity.
 * A segment is encoded once and keeps its timestamp, so that a retry has the hash of the first try and the network
 * takes the two for one.
 * @module
 */
import type { IEncoder, IMessage, ISendOptions } from "@waku/sdk";
import { SegmentationError } from "../errors.ts";
import type { SegmenterOptions } from "../options.ts";
import { Segmenter } from "../sending/segmenter.ts";
import { systemClock, type WakuClock, wait, within } from "./clock.ts";
import { encodeOnce } from "./encode-once.ts";
import { isPermanent } from "./refusals.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, MAX_WAKU_MESSAGE_SIZE } from "./sizes.ts";

/** What is used of a light node. Whoever wants to hold back pushes, for a rate limit say, wraps this. */
export interface SendingNode {
  readonly lightPush: {
    send(encoder: IEncoder, message: IMessage, options?: ISendOptions): Promise<PushResult>;
  };
}

export type PushResult = {
  readonly successes: readonly unknown[];
  readonly failures: readonly { readonly error: string }[];
};

/** How many segments a service node has taken, of how many. */
export type SendProgress = { readonly sent: number; readonly total: number };

export type SendReceipt = {
  /** How many messages were sent. */
  readonly total: number;
  /** As the receiver calls the set; absent for a payload that was sent as it is. */
  readonly setId?: string;
};

export type SendSegmentedOptions = Omit<SegmenterOptions, "maxMessageSize"> & {
  /** Bytes that the encoder and the network leave for one payload. @default 152_576 */
  readonly maxMessageSize?: number;
  /** Hides the hash of the payload, see {@link SegmenterOptions}; the receiver must do the same. @default true */
  readonly blind?: boolean;
  /** Segments on their way at one time, up to 32. @default 4 */
  readonly concurrency?: number;
  /** How often a segment is pushed until one answer is good; the pauses grow from 1 s to 16 s. @default 6 */
  readonly attempts?: number;
  /** How long a service node may take to answer one push. @default 15_000 */
  readonly answerTimeoutMs?: number;
  /** Stops sending; what was pushed before is not called back. */
  readonly signal?: AbortSignal;
  /** Called for each segment that a service node has taken. What it throws ends the sending. */
  readonly onProgress?: (progress: SendProgress) => void;
  readonly clock?: WakuClock;
};

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 16_000;
/** libp2p opens at most 64 streams of one protocol to a peer, and those that got no answer count too. */
const MAX_CONCURRENCY = 32;

/**
 * Sends `payload` and resolves when a service node has taken every segment.
 *
 * @param node - any light node of @waku/sdk
 * @param encoder - any encoder; one that encrypts also encrypts the segments
 * @param payload - 0 bytes to 100 MB; must not change until this resolves
 * @throws {@link SegmentationError} `INVALID_OPTION`, `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`, all before anything is
 *   sent; `SEND_FAILED` when one segment was refused for good or `attempts` times, and then the rest is not sent
 * @throws the reason of `signal`
 */
export async function sendSegmented(
  node: SendingNode,
  encoder: IEncoder,
  payload: Uint8Array,
  options: SendSegmentedOptions = {},
): Promise<SendReceipt> {
  const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, blind = true, wrap = "when-needed", ...others } = options;
  const { concurrency, attempts, answerTimeoutMs, onProgress, clock } = resolvePushing(options);
  // Light push refuses an empty payload, so that one travels in a segment.
  const wrapping = payload.length === 0 ? "always" : wrap;
  const segments = new Segmenter({ ...others, maxMessageSize, blind, wrap: wrapping }).segment(payload);
  const { total, setId } = segments;
  const taken = new Set<number>();
  const failure = new AbortController();
  const signal = AbortSignal.any(options.signal === undefined ? [failure.signal] : [failure.signal, options.signal]);
  signal.throwIfAborted();

  const queue = numbered(segments);
  const work = async () => {
    for (const [index, segment] of queue) {
      await push(index, { payload: segment, timestamp: new Date(clock.nowMs()) });
      signal.throwIfAborted();
      taken.add(index);
      onProgress?.({ sent: taken.size, total });
    }
  };
  const push = async (index: number, message: IMessage) => {
    const once = await encodeOnce(encoder, message);
    for (let attempt = 1; ; attempt += 1) {
      const problem = once === undefined ? { reason: "Failed to encode" } : await pushOnce(once, message);
      if (problem === undefined) return;
      if (isPermanent(problem.reason) || attempt === attempts) {
        const wireSize = (await once?.toWire(message))?.length ?? 0;
        throw sendFailed({ index, attempt, problem, wireSize, total, taken });
      }
      await wait(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)), { clock, signal });
    }
  };
  const pushOnce = async (once: IEncoder, message: IMessage): Promise<Problem | undefined> => {
    try {
      // The light node's own retries would encode the message anew, and go on after this has given up.
      const answer = node.lightPush.send(once, message, { autoRetry: false });
      const result = await within(answerTimeoutMs, answer, { clock, signal });
      if (result === undefined) return { reason: `no answer within ${answerTimeoutMs} ms` };
      if (result.successes.length > 0) return undefined;
      return { reason: result.failures[0]?.error ?? "no service node was asked" };
    } catch (cause) {
      signal.throwIfAborted();
      return { reason: "the light node failed", cause };
    }
  };

  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    failure.abort(); // the other segments wait no longer
  }
  return { total, ...(setId !== undefined && { setId }) };
}

type Problem = { readonly reason: string; readonly cause?: unknown };

/** Taken by several at a time; the first that fails closes it for all. */
function* numbered(segments: Iterable<Uint8Array>): Generator<[number, Uint8Array]> {
  let index = 0;
  for (const segment of segments) yield [index++, segment];
}

function resolvePushing(options: SendSegmentedOptions) {
  const { concurrency = 4, attempts = 6, answerTimeoutMs = 15_000, onProgress, clock = systemClock } = options;
  checkInteger("concurrency", concurrency, MAX_CONCURRENCY);
  checkInteger("attempts", attempts, Number.MAX_SAFE_INTEGER);
  checkInteger("answerTimeoutMs", answerTimeoutMs, Number.MAX_SAFE_INTEGER);
  return { concurrency, attempts, answerTimeoutMs, onProgress, clock };
}

function checkInteger(name: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw new SegmentationError("INVALID_OPTION", `${name}: want an integer from 1 to ${max}, got ${value}`);
}

function sendFailed(what: {
  readonly index: number;
  readonly attempt: number;
  readonly problem: Problem;
  readonly wireSize: number;
  readonly total: number;
  readonly taken: ReadonlySet<number>;
}): SegmentationError {
  const { index, attempt, problem, wireSize, total, taken } = what;
  const times = attempt === 1 ? "once" : `${attempt} times`;
  const size =
    wireSize > MAX_WAKU_MESSAGE_SIZE
      ? `; as a message it has ${wireSize} bytes, public service nodes take ${MAX_WAKU_MESSAGE_SIZE}: lower maxMessageSize`
      : "";
  const message =
    `segments: want all ${total} taken by a service node, got ${taken.size}; ` +
    `not taken: ${rangesWithout(taken, total)}; segment ${index} was pushed ${times}, last answer: ${problem.reason}${size}`;
  return new SegmentationError("SEND_FAILED", message, { cause: problem.cause });
}

/** As `0, 3-7`. */
function rangesWithout(taken: ReadonlySet<number>, total: number): string {
  const ranges: string[] = [];
  for (let first = 0; first < total; first += 1) {
    if (taken.has(first)) continue;
    let last = first;
    while (last + 1 < total && !taken.has(last + 1)) last += 1;
    ranges.push(first === last ? `${first}` : `${first}-${last}`);
    first = last;
  }
  return ranges.join(", ");
}
