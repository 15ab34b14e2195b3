import { describe, expect, test } from "@jest/globals";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { Reassembler, SEGMENT_OVERHEAD, SegmentationError, Segmenter } from "../src/index.ts";
import { encodeSegment } from "../src/segment.ts";
import { fromHex, payloadOf } from "./payloads.ts";
import { segmentBytes } from "./proto-bytes.ts";

const MIB = 2 ** 20;

describe("wire format", () => {
  test("a payload of two chunks becomes exactly the bytes that LIP-243 asks for", () => {
    const payload = payloadOf(100);
    const segmenter = new Segmenter({ maxMessageSize: SEGMENT_OVERHEAD + 64, wrap: "always" });
    const set = { hash: keccak_256(payload), length: 100, dataCount: 2 };
    expect([...segmenter.segment(payload)]).toEqual([
      segmentBytes({ ...set, index: 0, chunk: payload.slice(0, 64) }),
      segmentBytes({ ...set, index: 1, chunk: payload.slice(64) }),
    ]);
  });

  test("three bytes, written out", () => {
    const segments = [
      ...new Segmenter({ maxMessageSize: 200, wrap: "always" }).segment(new TextEncoder().encode("abc")),
    ];
    const hash = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"; // Keccak-256("abc"), as Ethereum has it
    expect(segments).toEqual([fromHex(`0a20${hash}100320013a03616263`)]);
  });

  test("an empty payload is one segment without a chunk", () => {
    const segments = [...new Segmenter({ maxMessageSize: 200, wrap: "always" }).segment(new Uint8Array())];
    const hash = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    expect(segments).toEqual([fromHex(`0a20${hash}2001`)]);
  });

  test("SEGMENT_OVERHEAD is what the largest segment that can be adds to its chunk", () => {
    const chunk = new Uint8Array(2 ** 21);
    const largest = encodeSegment({
      payloadHash: new Uint8Array(32).fill(1),
      payloadLength: 2 ** 32 - 1,
      index: 65_535,
      dataCount: 65_536,
      parityCount: 65_536,
      isParity: true,
      chunk,
    });
    expect(largest.length - chunk.length).toBe(SEGMENT_OVERHEAD);
  });
});

describe("sizes", () => {
  test("SEG-F1: payloads larger than a message are cut into messages that fit, and chunks are multiples of 64", () => {
    const cases = fc.property(fc.integer({ min: 123, max: 700 }), fc.nat(3_000), (maxMessageSize, length) => {
      const segmenter = new Segmenter({ maxMessageSize, wrap: "always", parity: "none" });
      const segments = [...segmenter.segment(payloadOf(length))];
      expect(segmenter.chunkSize % 64).toBe(0);
      expect(segments).toHaveLength(Math.max(1, Math.ceil(length / segmenter.chunkSize)));
      for (const segment of segments) {
        expect(segment.length).toBeLessThanOrEqual(maxMessageSize);
      }
      const bytes = segments.reduce((sum, segment) => sum + segment.length, 0);
      expect(bytes - length).toBeLessThanOrEqual(SEGMENT_OVERHEAD * segments.length);
    });
    fc.assert(cases);
  });

  test.each([
    { maxMessageSize: 100 * 1024, count: 1_025 },
    { maxMessageSize: 150 * 1024, count: 683 },
  ])("the largest payload fits the defaults at $maxMessageSize bytes", ({ maxMessageSize, count }) => {
    const { chunkSize } = new Segmenter({ maxMessageSize });
    expect(Math.ceil((100 * MIB) / chunkSize)).toBe(count);
    expect(maxMessageSize - chunkSize).toBeLessThan(SEGMENT_OVERHEAD + 64);
  });

  test("SEG-F3: a payload of maxPayloadSize is taken, one byte more is refused at the call", () => {
    const segmenter = new Segmenter({ maxMessageSize: 200, maxPayloadSize: 1_000 });
    expect([...segmenter.segment(payloadOf(1_000))]).toHaveLength(8 + 1);
    expect(() => segmenter.segment(payloadOf(1_001))).toThrow(
      expect.objectContaining({ name: "SegmentationError", code: "PAYLOAD_TOO_LARGE" }),
    );
  });

  test("SEG-F3: the default cap is 100 MB, and is checked before the payload is hashed", () => {
    const segmenter = new Segmenter({ maxMessageSize: 150 * 1024 });
    expect(() => segmenter.segment(new Uint8Array(100 * MIB + 1))).toThrow("want ≤ 104857600 bytes");
  });

  test("a payload that needs more than maxTotalSegments is refused", () => {
    const segmenter = new Segmenter({ maxMessageSize: 123, maxTotalSegments: 3 });
    expect([...segmenter.segment(payloadOf(3 * 64))]).toHaveLength(3);
    expect(() => segmenter.segment(payloadOf(3 * 64 + 1))).toThrow(
      expect.objectContaining({ code: "TOO_MANY_SEGMENTS" }),
    );
  });

  test("the messages can be walked over more than once, and tell how many they are and what the set is called", () => {
    const segments = new Segmenter({ maxMessageSize: 123 }).segment(payloadOf(8 * 64));
    expect(segments.total).toBe(9);
    expect([...segments]).toEqual([...segments]);
    expect([...segments]).toHaveLength(9);
    const [result] = [...segments].map((message) => new Reassembler({ maxMessageSize: 123 }).accept(message));
    expect(result).toMatchObject({ kind: "pending", setId: segments.setId, total: 9 });
    expect(new Segmenter({ maxMessageSize: 123 }).segment(payloadOf(9))).toMatchObject({ total: 1 });
  });

  test("the payload is hashed at the call, and each segment is made when it is taken", () => {
    const payload = payloadOf(2 * 64);
    const hash = keccak_256(payload);
    const walk = new Segmenter({ maxMessageSize: 123 }).segment(payload)[Symbol.iterator]();
    payload.fill(7);
    const changed = { hash, length: 128, index: 0, dataCount: 2, chunk: new Uint8Array(64).fill(7) };
    expect(walk.next().value).toEqual(segmentBytes(changed));
  });
});

describe("wrapping", () => {
  test("SEG-F4: a payload that fits is returned as it is", () => {
    const segmenter = new Segmenter({ maxMessageSize: 200 });
    for (const length of [0, 1, 100, 200]) {
      const payload = payloadOf(length);
      const [message, ...more] = segmenter.segment(payload);
      expect(message).toBe(payload);
      expect(more).toEqual([]);
    }
    expect([...segmenter.segment(payloadOf(201))]).toHaveLength(2);
  });

  test("SEG-F4: a payload that is a valid segment itself is wrapped, and comes back as it was", () => {
    const options = { maxMessageSize: 200 };
    const [payload = new Uint8Array()] = new Segmenter({ ...options, wrap: "always" }).segment(payloadOf(50));
    const messages = [...new Segmenter(options).segment(payload)];
    expect(messages).toHaveLength(1);
    expect(messages[0]).not.toEqual(payload);
    const reassembler = new Reassembler(options);
    expect(messages.map((message) => reassembler.accept(message, { nowMs: 0 }))).toEqual([
      { kind: "complete", payload, setId: expect.any(String) },
    ]);
  });

  test("SEG-F4: such a payload that fits only unwrapped is cut in two", () => {
    const options = { maxMessageSize: 200 };
    const payload = segmentBytes({
      hash: new Uint8Array(32).fill(9),
      length: 155,
      index: 0,
      dataCount: 1,
      chunk: payloadOf(155),
    });
    expect(payload.length).toBeLessThanOrEqual(200);
    const messages = [...new Segmenter(options).segment(payload)];
    const reassembler = new Reassembler(options);
    const results = messages.map((message) => reassembler.accept(message, { nowMs: 0 }));
    expect(results).toMatchObject([{ kind: "pending" }, { kind: "complete", payload }]);
  });
});

test.each([
  ["maxMessageSize", { maxMessageSize: 122 }],
  ["maxMessageSize", { maxMessageSize: 1.5 }],
  ["maxMessageSize", { maxMessageSize: 2 ** 28 }],
  ["maxPayloadSize", { maxMessageSize: 200, maxPayloadSize: 2 ** 32 }],
  ["maxTotalSegments", { maxMessageSize: 200, maxTotalSegments: 65_537 }],
  ["maxTotalSegments", { maxMessageSize: 200, maxTotalSegments: 0 }],
  ["maxSets", { maxMessageSize: 200, maxSets: 0 }],
  ["maxBufferedBytes", { maxMessageSize: 200, maxBufferedBytes: Number.NaN }],
  ["maxCompletedSets", { maxMessageSize: 200, maxCompletedSets: -1 }],
  ["timeoutMs", { maxMessageSize: 200, timeoutMs: 0 }],
  ["maxSetsPerSender", { maxMessageSize: 200, maxSetsPerSender: 0 }],
  ["maxBufferedBytesPerSender", { maxMessageSize: 200, maxBufferedBytesPerSender: 0.5 }],
])("an option out of range is named: %s in %j", (name, options) => {
  const create = () => [new Segmenter(options), new Reassembler(options)];
  expect(create).toThrow(SegmentationError);
  expect(create).toThrow(expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }));
});

test("a wrap mode that does not exist is refused", () => {
  // @ts-expect-error: callers without types
  expect(() => new Segmenter({ maxMessageSize: 200, wrap: "never" })).toThrow("wrap: want");
});

test("a parity that does not exist is refused", () => {
  // @ts-expect-error: callers without types
  expect(() => new Segmenter({ maxMessageSize: 200, parity: "some" })).toThrow("parity: want");
  // @ts-expect-error: callers without types
  expect(() => new Segmenter({ maxMessageSize: 200, parity: null })).toThrow("parity: want");
});
