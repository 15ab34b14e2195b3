/**
 * What senders are given in the vectors: sizes around every border, and each option.
 * @module
 */
import type { SegmenterOptions } from "../../src/index.ts";

export type SegmentingCase = {
  readonly name: string;
  readonly options: Omit<SegmenterOptions, "random">;
  readonly payload: { readonly bytes: number; readonly seed: number };
  /** In front of the payload, in hex; null without blinding. */
  readonly blinding: string | null;
};

const BLINDING = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";

/** Whose messages are in the vectors as they are; of the others, only the hash. */
export const SHOWN_BYTES = 1_000;

export function segmentingCases(): SegmentingCase[] {
  const plain = { maxMessageSize: 123, wrap: "always" } as const;
  return [
    ...[0, 1, 63, 64, 65, 448, 449, 512, 513].map((bytes) => segmenting(plain, bytes)),
    ...[0, 122, 123, 124].map((bytes) => segmenting({ maxMessageSize: 123 }, bytes)),
    ...[64, 300, 512].map((bytes) => segmenting({ ...plain, parity: "none" }, bytes)),
    ...[64, 65, 300, 5_000].map((bytes) => segmenting({ ...plain, parity: { rate: 0.125 } }, bytes)),
    ...[64, 640].map((bytes) => segmenting({ ...plain, parity: { rate: 1 } }, bytes)),
    ...[0, 32, 64, 1_000].map((bytes) => segmenting({ ...plain, blind: true }, bytes)),
    ...[20_000, 70_000].map((bytes) => segmenting({ maxMessageSize: 200 }, bytes)),
    segmenting({ maxMessageSize: 187 }, 4_000_000), // the largest codes have 16-bit elements
    segmenting({ maxMessageSize: 102_400 }, 1_000_000),
    segmenting({ maxMessageSize: 102_400, blind: true }, 10_000_000),
    segmenting({ maxMessageSize: 152_576 }, 3_000_001),
  ];
}

export type RefusedCase = {
  readonly name: string;
  readonly options: SegmentingCase["options"];
  readonly payloadBytes: number;
};

export function refusedCases(): RefusedCase[] {
  const refused = (name: string, options: SegmentingCase["options"], payloadBytes = 0) => ({
    name,
    options,
    payloadBytes,
  });
  return [
    refused("message size too small", { maxMessageSize: 122 }),
    refused("message size too large", { maxMessageSize: 2 ** 28 }),
    refused("payload size too large", { maxMessageSize: 123, maxPayloadSize: 2 ** 32 - 32 }),
    refused("segments too many", { maxMessageSize: 123, maxTotalSegments: 65_537 }),
    refused("segments too few", { maxMessageSize: 123, maxTotalSegments: 0 }),
    refused("rate of nothing", { maxMessageSize: 123, parity: { rate: 0 } }),
    refused("rate above one", { maxMessageSize: 123, parity: { rate: 1.01 } }),
    refused("payload beyond its limit", { maxMessageSize: 123, maxPayloadSize: 1_000 }, 1_001),
    refused("payload beyond its limit of segments", { maxMessageSize: 123, maxTotalSegments: 8 }, 449),
    refused("payload beyond the largest code", { maxMessageSize: 123 }, 64 * 60_000),
  ];
}

function segmenting(options: SegmentingCase["options"], bytes: number): SegmentingCase {
  const words = Object.entries(options).map(
    ([name, value]) => `${name} ${typeof value === "object" ? value.rate : value}`,
  );
  const blinding = options.blind ? BLINDING : null;
  return { name: `${bytes} bytes, ${words.join(", ")}`, options, payload: { bytes, seed: bytes % 251 }, blinding };
}
