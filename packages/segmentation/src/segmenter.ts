/**
 * Cuts a payload into segments that each fit one transport message.
 * Pure: equal payloads and options give equal bytes.
 * Spec: LIP-243, "Sending"; parity is not made yet, so a set is complete with all of its data segments.
 * @module
 */
import { SegmentationError } from "./errors.ts";
import { resolveSegmenterOptions, type SegmenterOptions } from "./options.ts";
import { CHUNK_ALIGNMENT, encodeSegment, hashPayload, parseSegment, SEGMENT_OVERHEAD } from "./segment.ts";

export class Segmenter {
  /** Bytes of payload in a full segment. */
  readonly chunkSize: number;
  readonly #options: Required<SegmenterOptions>;

  /** @throws {@link SegmentationError} `INVALID_OPTION` */
  constructor(options: SegmenterOptions) {
    this.#options = resolveSegmenterOptions(options);
    const room = this.#options.maxMessageSize - SEGMENT_OVERHEAD;
    this.chunkSize = room - (room % CHUNK_ALIGNMENT);
  }

  /**
   * The messages to send for `payload`, in index order, each at most `maxMessageSize` bytes.
   * They are made one at a time, so the payload must not change until the last one is taken; can be walked once.
   * A payload that fits and needs no wrapping is the only message, the same array.
   *
   * @param payload - 0 to `maxPayloadSize` bytes
   * @throws {@link SegmentationError} `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`, at the call and not while walking
   */
  segment(payload: Uint8Array): Iterable<Uint8Array> {
    const { maxMessageSize, maxPayloadSize, maxTotalSegments, wrap } = this.#options;
    if (payload.length > maxPayloadSize) {
      const message = `payload: want ≤ ${maxPayloadSize} bytes (maxPayloadSize), got ${payload.length}`;
      throw new SegmentationError("PAYLOAD_TOO_LARGE", message);
    }
    if (wrap === "when-needed" && payload.length <= maxMessageSize && parseSegment(payload).kind !== "segment") {
      return [payload];
    }
    const dataCount = Math.max(1, Math.ceil(payload.length / this.chunkSize));
    if (dataCount > maxTotalSegments) {
      const message = `segments: want ≤ ${maxTotalSegments} (maxTotalSegments), got ${dataCount}; raise maxMessageSize`;
      throw new SegmentationError("TOO_MANY_SEGMENTS", message);
    }
    return cut(payload, hashPayload(payload), this.chunkSize, dataCount);
  }
}

function* cut(payload: Uint8Array, payloadHash: Uint8Array, chunkSize: number, dataCount: number) {
  const set = { payloadHash, payloadLength: payload.length, dataCount, parityCount: 0, isParity: false };
  for (let index = 0; index < dataCount; index += 1) {
    const chunk = payload.subarray(index * chunkSize, (index + 1) * chunkSize);
    yield encodeSegment({ ...set, index, chunk });
  }
}
