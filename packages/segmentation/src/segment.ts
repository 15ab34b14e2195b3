/**
 * One segment on the wire, and what makes it valid whatever the limits of the receiver are. Sender and receiver share
 * this rule, so they agree on which bytes are a segment and which are a payload that was sent as it is.
 * Spec: LIP-243 in the wire format of September 2026; protocol.md, "Segmentation".
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SegmentMessageSchema } from "./gen/chat/segmentation/v1/segmentation_pb.ts";
import { toHex } from "./hex.ts";
import { codeExists } from "./parity.ts";

/**
 * The most that one segment adds to its chunk: hash (34), length (6), index, both counts (4 each), parity mark (2) and
 * the head of the chunk (5). A segment of ours is a little smaller; equal for data and parity, so that both are cut alike.
 */
export const SEGMENT_OVERHEAD = 59;

/** What erasure coding needs: every chunk but the last one of a payload has a multiple of this many bytes. */
export const CHUNK_ALIGNMENT = 64;

const HASH_BYTES = 32;

/** Field 7, length-delimited. */
const SEGMENT_PAYLOAD_TAG = 0x3a;

/** A segment that may be part of some payload. Nothing about it is authenticated. */
export type Segment = {
  /** Keccak-256 of the whole payload. */
  readonly payloadHash: Uint8Array;
  readonly payloadLength: number;
  /** 0-based, within data or within parity. */
  readonly index: number;
  readonly dataCount: number;
  readonly parityCount: number;
  readonly isParity: boolean;
  /** Length of every chunk of the set but the last one; 0 when there is only one, which may have any length. */
  readonly chunkSize: number;
  readonly chunk: Uint8Array;
};

export type ParseResult =
  | { readonly kind: "segment"; readonly segment: Segment }
  | { readonly kind: "undecodable" }
  | { readonly kind: "invalid" };

/**
 * Names the set of a segment: all that its segments must agree on. Segments with the same hash that disagree on
 * anything else are different sets, so a forged header does not spoil the genuine ones.
 */
export function setIdOf({
  payloadHash,
  payloadLength,
  dataCount,
  parityCount,
  chunkSize,
}: Omit<Segment, "index" | "isParity" | "chunk">): string {
  return [toHex(payloadHash), payloadLength, dataCount, parityCount, chunkSize].join("-");
}

/** What the id of a set tells of its payload: the Keccak-256, and the length in bytes. */
export function readSetId(setId: string): { readonly payloadHash: Uint8Array; readonly payloadLength: number } {
  const [hex = "", length = ""] = setId.split("-");
  const byteAt = (index: number) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  return {
    payloadHash: Uint8Array.from({ length: HASH_BYTES }, (_, index) => byteAt(index)),
    payloadLength: Number(length),
  };
}

/** @param segment - `chunkSize` is not on the wire; a parity count of 0 is left out */
export function encodeSegment({ chunk, ...header }: Omit<Segment, "chunkSize">): Uint8Array {
  const segment = encodeHeader(header, chunk.length);
  segment.chunk.set(chunk);
  return segment.bytes;
}

/** The whole message, with `chunk` as the place in it where the chunk is to be written: it may be large. */
export function encodeHeader(
  { payloadHash, payloadLength, index, dataCount, parityCount, isParity }: Omit<Segment, "chunkSize" | "chunk">,
  chunkLength: number,
): { readonly bytes: Uint8Array; readonly chunk: Uint8Array } {
  const message = create(SegmentMessageSchema, {
    originalPayloadHash: payloadHash,
    originalPayloadLength: payloadLength,
    index,
    dataSegmentCount: dataCount,
    isParity,
  });
  if (parityCount > 0) message.paritySegmentCount = parityCount;
  // `segment_payload` is the last field, so it can be appended by hand; a library would copy it three times.
  const header = [...toBinary(SegmentMessageSchema, message), ...chunkPrefix(chunkLength)];
  const bytes = new Uint8Array(header.length + chunkLength);
  bytes.set(header);
  return { bytes, chunk: bytes.subarray(header.length) };
}

/** Tag and length; nothing for an empty chunk, as proto3 has it. */
function chunkPrefix(chunkLength: number): number[] {
  if (chunkLength === 0) return [];
  const prefix = [SEGMENT_PAYLOAD_TAG];
  let rest = chunkLength;
  for (; rest > 0x7f; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80);
  return [...prefix, rest];
}

/** Reads any bytes; never throws. The chunk may share memory with `bytes`. */
export function parseSegment(bytes: Uint8Array): ParseResult {
  const message = decode(bytes);
  if (message === undefined) return { kind: "undecodable" };
  const { originalPayloadHash, originalPayloadLength, dataSegmentCount, index, isParity, segmentPayload } = message;
  const parityCount = message.paritySegmentCount ?? 0;
  if (originalPayloadHash.length !== HASH_BYTES || dataSegmentCount < 1) return { kind: "invalid" };
  if (index >= (isParity ? parityCount : dataSegmentCount)) return { kind: "invalid" };
  if (isParity && !codeExists(dataSegmentCount, parityCount)) return { kind: "invalid" };
  const header = {
    payloadHash: originalPayloadHash,
    payloadLength: originalPayloadLength,
    index,
    dataCount: dataSegmentCount,
    parityCount,
    isParity,
    chunk: segmentPayload,
  };
  const chunkSize = chunkSizeOf(header);
  return chunkSize === undefined ? { kind: "invalid" } : { kind: "segment", segment: { ...header, chunkSize } };
}

function decode(bytes: Uint8Array) {
  try {
    return fromBinary(SegmentMessageSchema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/**
 * Every segment tells the chunk size of its set: a full one by its length, the last one by what is left. Undefined if
 * no chunk size gives `payloadLength` bytes in `dataCount` chunks of which this is one.
 */
function chunkSizeOf(header: Omit<Segment, "chunkSize">): number | undefined {
  const { payloadLength, index, dataCount, isParity, chunk } = header;
  // Parity is a whole number of 64-byte blocks, of which there is one even for an empty payload.
  if (isParity && (chunk.length === 0 || chunk.length % CHUNK_ALIGNMENT !== 0)) return undefined;
  if (dataCount === 1)
    return chunk.length === payloadLength || (isParity && chunk.length > payloadLength) ? 0 : undefined;
  const isLast = !isParity && index === dataCount - 1;
  const chunkSize = isLast ? (payloadLength - chunk.length) / (dataCount - 1) : chunk.length;
  const lastLength = payloadLength - (dataCount - 1) * chunkSize;
  return Number.isInteger(chunkSize) && lastLength > 0 && lastLength <= chunkSize ? chunkSize : undefined;
}
