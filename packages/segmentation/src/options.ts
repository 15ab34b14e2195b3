/**
 * Options of both directions, their defaults and their checks.
 * @module
 */
import { SegmentationError } from "./errors.ts";
import type { Parity } from "./parity.ts";
import type { DiscardReason, IncompleteReport } from "./receiving/results.ts";
import { CHUNK_ALIGNMENT, SEGMENT_OVERHEAD } from "./segment.ts";

/**
 * - `when-needed`: a payload that fits one message is sent as it is (SEG-F4), unless it could be taken for a segment
 * - `always`: every payload travels in segments, as plain LIP-243 has it
 *
 * Both sides must use the same one.
 */
export type Wrap = "when-needed" | "always";

/** What both sides must agree on, and what each may limit. */
export type SegmentationOptions = {
  /** Bytes that one transport message can carry: 123 to 2^28 - 1. */
  readonly maxMessageSize: number;
  /** Largest payload, up to 2^32 - 33. @default 104_857_600 (100 MB) */
  readonly maxPayloadSize?: number;
  /** Most segments of one payload, data and parity, up to 65,536. @default 65_536 */
  readonly maxTotalSegments?: number;
  /** @default "when-needed" */
  readonly wrap?: Wrap;
  /**
   * Puts 32 random bytes in front of a payload that is segmented, so that its hash tells nothing about it. Not plain
   * LIP-243: both sides must use it. @default false
   */
  readonly blind?: boolean;
};

export type SegmenterOptions = SegmentationOptions & {
  /** @default "seven-eighths" */
  readonly parity?: Parity;
  /** Unpredictable bytes, for blinding. @default crypto.getRandomValues */
  readonly random?: (length: number) => Uint8Array;
};

export type ReassemblerOptions = SegmentationOptions & {
  /** Cap on memory for segments that wait, over all sets. @default 2 × (maxPayloadSize + 40 MiB) */
  readonly maxBufferedBytes?: number;
  /** The same for each sender that is named. @default half of maxBufferedBytes */
  readonly maxBufferedBytesPerSender?: number;
  /** Most sets that wait at one time. @default 256 */
  readonly maxSets?: number;
  /** The same for each sender that is named. @default half of maxSets */
  readonly maxSetsPerSender?: number;
  /** Most complete sets that are remembered, so that late segments do not start them again. @default 4_096 */
  readonly maxCompletedSets?: number;
  /** How long a set waits for its next segment, and how long a complete one is remembered. @default 300_000 */
  readonly timeoutMs?: number;
  /** Asked where a call gives no `nowMs`. @default Date.now */
  readonly clock?: Clock;
  /** Told at once what `expire` and the result of `accept` also tell. */
  readonly observer?: ReassemblerObserver;
  /** Unpredictable bytes, for finding forged segments. @default crypto.getRandomValues */
  readonly random?: (length: number) => Uint8Array;
};

/** `nowMs` counts milliseconds since the Unix epoch. */
export interface Clock {
  nowMs(): number;
}

/** What a method throws comes out of the call that caused it, after the state has changed. */
export interface ReassemblerObserver {
  /** A set was given up. */
  incomplete?(report: IncompleteReport): void;
  discarded?(reason: DiscardReason, from: { readonly setId?: string; readonly sender?: string }): void;
}

export type ResolvedSegmenterOptions = Required<SegmenterOptions>;
export type ResolvedReassemblerOptions = Required<ReassemblerOptions>;

/** Random bytes in front of a blinded payload. */
export const BLINDING_BYTES = 32;

const MIB = 2 ** 20;
const MIN_MESSAGE_SIZE = SEGMENT_OVERHEAD + CHUNK_ALIGNMENT;
/** {@link SEGMENT_OVERHEAD} allows 4 bytes for the length of a chunk. */
const MAX_MESSAGE_SIZE = 2 ** 28 - 1;
/** The length field is a uint32, and blinding takes 32 bytes. */
const MAX_PAYLOAD_SIZE = 2 ** 32 - 1 - BLINDING_BYTES;
/** The largest code that LIP-243's parity has. */
const MAX_TOTAL_SEGMENTS = 65_536;

/** @throws {@link SegmentationError} `INVALID_OPTION` */
export function resolveSegmenterOptions(options: SegmenterOptions): ResolvedSegmenterOptions {
  const { parity = "seven-eighths", random = randomBytes } = options;
  if (parity !== "seven-eighths" && parity !== "none" && !(parity?.rate > 0 && parity.rate <= 1)) {
    const got = typeof parity === "object" && parity !== null ? `{ rate: ${parity.rate} }` : String(parity);
    throw invalid("parity", `"seven-eighths", "none" or { rate } above 0 and at most 1`, got);
  }
  return { ...resolveCommon(options), parity, random };
}

/** @throws {@link SegmentationError} `INVALID_OPTION` */
export function resolveReassemblerOptions(options: ReassemblerOptions): ResolvedReassemblerOptions {
  const common = resolveCommon(options);
  const { maxBufferedBytes = 2 * (common.maxPayloadSize + 40 * MIB), maxSets = 256 } = options;
  const { maxBufferedBytesPerSender = Math.ceil(maxBufferedBytes / 2) } = options;
  const { maxSetsPerSender = Math.ceil(maxSets / 2), maxCompletedSets = 4_096, timeoutMs = 300_000 } = options;
  const { clock = { nowMs: Date.now }, observer = {}, random = randomBytes } = options;
  const bounds = { maxBufferedBytes, maxBufferedBytesPerSender, maxSets, maxSetsPerSender, timeoutMs };
  for (const [name, value] of Object.entries(bounds)) checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("maxCompletedSets", maxCompletedSets, 0, Number.MAX_SAFE_INTEGER);
  return { ...common, ...bounds, maxCompletedSets, clock, observer, random };
}

function resolveCommon(options: SegmentationOptions): Required<SegmentationOptions> {
  const { maxMessageSize, maxPayloadSize = 100 * MIB, maxTotalSegments = MAX_TOTAL_SEGMENTS } = options;
  const { wrap = "when-needed", blind = false } = options;
  checkInteger("maxMessageSize", maxMessageSize, MIN_MESSAGE_SIZE, MAX_MESSAGE_SIZE);
  checkInteger("maxPayloadSize", maxPayloadSize, 0, MAX_PAYLOAD_SIZE);
  checkInteger("maxTotalSegments", maxTotalSegments, 1, MAX_TOTAL_SEGMENTS);
  if (wrap !== "when-needed" && wrap !== "always") throw invalid("wrap", `"when-needed" or "always"`, String(wrap));
  return { maxMessageSize, maxPayloadSize, maxTotalSegments, wrap, blind };
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw invalid(name, `an integer from ${min} to ${max}`, String(value));
}

function invalid(name: string, wanted: string, got: string): SegmentationError {
  return new SegmentationError("INVALID_OPTION", `${name}: want ${wanted}, got ${got}`);
}

function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
