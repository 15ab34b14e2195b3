/**
 * Options of both directions, their defaults and their checks.
 * @module
 */
import { SegmentationError } from "./errors.ts";
import { CHUNK_ALIGNMENT, SEGMENT_OVERHEAD } from "./segment.ts";

/**
 * - `when-needed`: a payload that fits one message is sent as it is (SEG-F4), unless it could be taken for a segment
 * - `always`: every payload travels in segments, as plain LIP-243 has it
 *
 * Both sides must use the same one.
 */
export type Wrap = "when-needed" | "always";

export type SegmenterOptions = {
  /** Bytes that one transport message can carry: 123 to 2^28 - 1. */
  readonly maxMessageSize: number;
  /** Largest payload, up to 2^32 - 1. @default 104_857_600 (100 MB) */
  readonly maxPayloadSize?: number;
  /** Most segments of one payload, data and parity, up to 65,536. @default 65_536 */
  readonly maxTotalSegments?: number;
  /** @default "when-needed" */
  readonly wrap?: Wrap;
};

export type ReassemblerOptions = SegmenterOptions & {
  /** Cap on memory for segments that wait, over all sets. @default maxPayloadSize + 32 MiB */
  readonly maxBufferedBytes?: number;
  /** Most sets that wait at one time. @default 256 */
  readonly maxSets?: number;
  /** Most complete sets that are remembered, so that late segments do not start them again. @default 1_024 */
  readonly maxCompletedSets?: number;
  /** How long a set waits for its next segment, and how long a complete one is remembered. @default 300_000 */
  readonly timeoutMs?: number;
};

const MIB = 2 ** 20;
const MIN_MESSAGE_SIZE = SEGMENT_OVERHEAD + CHUNK_ALIGNMENT;
/** {@link SEGMENT_OVERHEAD} allows 4 bytes for the length of a chunk. */
const MAX_MESSAGE_SIZE = 2 ** 28 - 1;
/** The length field is a uint32. */
const MAX_PAYLOAD_SIZE = 2 ** 32 - 1;
/** The largest code that LIP-243's parity has. */
const MAX_TOTAL_SEGMENTS = 65_536;

/** @throws {@link SegmentationError} `INVALID_OPTION` */
export function resolveSegmenterOptions(options: SegmenterOptions): Required<SegmenterOptions> {
  const { maxMessageSize, maxPayloadSize = 100 * MIB, maxTotalSegments = MAX_TOTAL_SEGMENTS } = options;
  const { wrap = "when-needed" } = options;
  checkInteger("maxMessageSize", maxMessageSize, MIN_MESSAGE_SIZE, MAX_MESSAGE_SIZE);
  checkInteger("maxPayloadSize", maxPayloadSize, 0, MAX_PAYLOAD_SIZE);
  checkInteger("maxTotalSegments", maxTotalSegments, 1, MAX_TOTAL_SEGMENTS);
  if (wrap !== "when-needed" && wrap !== "always") {
    throw new SegmentationError("INVALID_OPTION", `wrap: want "when-needed" or "always", got ${String(wrap)}`);
  }
  return { maxMessageSize, maxPayloadSize, maxTotalSegments, wrap };
}

/** @throws {@link SegmentationError} `INVALID_OPTION` */
export function resolveReassemblerOptions(options: ReassemblerOptions): Required<ReassemblerOptions> {
  const common = resolveSegmenterOptions(options);
  const { maxBufferedBytes = common.maxPayloadSize + 32 * MIB } = options;
  const { maxSets = 256, maxCompletedSets = 1_024, timeoutMs = 300_000 } = options;
  for (const [name, value] of Object.entries({ maxBufferedBytes, maxSets, timeoutMs })) {
    checkInteger(name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  checkInteger("maxCompletedSets", maxCompletedSets, 0, Number.MAX_SAFE_INTEGER);
  return { ...common, maxBufferedBytes, maxSets, maxCompletedSets, timeoutMs };
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new SegmentationError("INVALID_OPTION", `${name}: want an integer from ${min} to ${max}, got ${value}`);
}
