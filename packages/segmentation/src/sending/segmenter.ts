/**
 * Cuts a payload into segments that each fit one transport message, and adds parity.
 * Equal payloads and options give equal bytes, unless they are blinded.
 * Spec: LIP-243, "Sending".
 * @module
 */
import { SegmentationError } from "../errors.ts";
import {
  BLINDING_BYTES,
  type ResolvedSegmenterOptions,
  resolveSegmenterOptions,
  type SegmenterOptions,
} from "../options.ts";
import { codeExists, parityCountFor } from "../parity.ts";
import { CHUNK_ALIGNMENT, parseSegment, SEGMENT_OVERHEAD } from "../segment.ts";
import { type Segments, segmentsOf, unmodified } from "./segments.ts";
import { ShardCollector, shardsOf } from "./shards.ts";

const NO_BLINDING = new Uint8Array(0);

export class Segmenter {
  /** Bytes of payload in a full segment. */
  readonly chunkSize: number;
  readonly #options: ResolvedSegmenterOptions;

  /** @throws {@link SegmentationError} `INVALID_OPTION` */
  constructor(options: SegmenterOptions) {
    this.#options = resolveSegmenterOptions(options);
    const room = this.#options.maxMessageSize - SEGMENT_OVERHEAD;
    this.chunkSize = room - (room % CHUNK_ALIGNMENT);
  }

  /**
   * The messages to send for `payload`, each at most `maxMessageSize` bytes. They are made while they are walked over,
   * so the payload must not change until the last one is taken. A payload that fits and needs no wrapping is the only
   * message, the same array.
   *
   * @param payload - 0 to `maxPayloadSize` bytes
   * @throws {@link SegmentationError} `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`, at the call and not while walking
   */
  segment(payload: Uint8Array): Segments {
    this.#checkSize(payload.length);
    if (this.#goesUnmodified(payload.length) && !isSegment(payload)) return unmodified(payload);
    const parityCount = this.#parityCountOf(payload.length);
    return segmentsOf(shardsOf(payload, this.chunkSize, this.#blinding()), this.chunkSize, parityCount);
  }

  /**
   * As {@link segment}, for a payload that arrives in pieces. Every segment carries the hash of the whole, so the first
   * one comes after the last piece; until then this holds the payload once.
   *
   * @param source - pieces of any length, copied; it is closed when they are too much
   * @throws {@link SegmentationError} `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`, while walking; and what `source` throws
   */
  async *segmentStream(
    source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const collector = new ShardCollector(this.chunkSize, this.#blinding());
    for await (const piece of source) {
      const length = collector.payloadLength + piece.length;
      this.#checkSize(length);
      if (!this.#goesUnmodified(length)) this.#parityCountOf(length);
      collector.push(piece);
    }
    if (this.#goesUnmodified(collector.payloadLength)) {
      const payload = collector.payload();
      if (!isSegment(payload)) return yield payload;
    }
    const parityCount = this.#parityCountOf(collector.payloadLength);
    yield* segmentsOf(collector.finish(), this.chunkSize, parityCount);
  }

  #checkSize(payloadLength: number): void {
    const { maxPayloadSize } = this.#options;
    if (payloadLength <= maxPayloadSize) return;
    const message = `payload: want ≤ ${maxPayloadSize} bytes (maxPayloadSize), got ${payloadLength} or more`;
    throw new SegmentationError("PAYLOAD_TOO_LARGE", message);
  }

  #goesUnmodified(payloadLength: number): boolean {
    return this.#options.wrap === "when-needed" && payloadLength <= this.#options.maxMessageSize;
  }

  #parityCountOf(payloadLength: number): number {
    const { blind, maxTotalSegments, parity } = this.#options;
    const length = payloadLength + (blind ? BLINDING_BYTES : 0);
    const dataCount = Math.max(1, Math.ceil(length / this.chunkSize));
    const parityCount = parityCountFor(dataCount, parity);
    if (dataCount + parityCount > maxTotalSegments) {
      const got = `${dataCount} of data and ${parityCount} of parity`;
      const message = `segments: want ≤ ${maxTotalSegments} (maxTotalSegments), got ${got}; raise maxMessageSize`;
      throw new SegmentationError("TOO_MANY_SEGMENTS", message);
    }
    if (parityCount > 0 && !codeExists(dataCount, parityCount)) {
      const message = `segments: no code for ${dataCount} of data and ${parityCount} of parity; raise maxMessageSize`;
      throw new SegmentationError("TOO_MANY_SEGMENTS", message);
    }
    return parityCount;
  }

  #blinding(): Uint8Array {
    return this.#options.blind ? this.#options.random(BLINDING_BYTES) : NO_BLINDING;
  }
}

function isSegment(payload: Uint8Array): boolean {
  return parseSegment(payload).kind === "segment";
}
