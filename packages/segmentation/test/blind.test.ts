/** SEG-+1: what the segments of a blinded payload tell about it. */
import { describe, expect, test } from "@jest/globals";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { Reassembler, Segmenter } from "../src/index.ts";
import { parseSegment } from "../src/segment.ts";
import { payloadOf } from "./payloads.ts";

const OPTIONS = { maxMessageSize: 187, blind: true } as const; // chunks of 128 bytes

function segmentsIn(messages: Iterable<Uint8Array>) {
  return [...messages].map((message) => {
    const parsed = parseSegment(message);
    if (parsed.kind !== "segment") throw new TypeError(`want a segment, got ${parsed.kind}`);
    return parsed.segment;
  });
}

describe("a blinded payload", () => {
  test("comes back as it was, with losses, of every size, at once or in pieces", async () => {
    const cases = fc.record({
      length: fc.nat(3_000),
      wrap: fc.constantFrom("when-needed" as const, "always" as const),
      isStream: fc.boolean(),
    });
    const survives = fc.asyncProperty(cases, async ({ length, wrap, isStream }) => {
      const payload = payloadOf(length);
      const segmenter = new Segmenter({ ...OPTIONS, wrap });
      const messages = isStream
        ? await Array.fromAsync(segmenter.segmentStream([payload.slice(0, length / 3), payload.slice(length / 3)]))
        : [...segmenter.segment(payload)];
      const reassembler = new Reassembler({ ...OPTIONS, wrap });
      const lost = Math.floor(messages.length / 8);
      const results = messages.slice(lost).map((message) => reassembler.accept(message, { nowMs: 0 }));
      expect(results.filter(({ kind }) => kind === "complete")).toMatchObject([{ payload }]);
    });
    await fc.assert(survives, { numRuns: 200 });
  });

  test("sent twice shares nothing but counts and length", () => {
    const payload = payloadOf(128 * 24 - 32);
    const segmenter = new Segmenter(OPTIONS);
    const [first, second] = [segmentsIn(segmenter.segment(payload)), segmentsIn(segmenter.segment(payload))];
    expect(first).toHaveLength(27);
    for (const [index, a] of first.entries()) {
      const b = second[index];
      const { payloadHash, chunk, ...inCommon } = a;
      expect(b).toMatchObject(inCommon);
      expect(b?.payloadHash).not.toEqual(payloadHash);
      // The random bytes are in the first chunk, and through it in all of parity. The other chunks are the payload
      // itself: to hide them is the job of the caller's encryption.
      if (index === 0 || a.isParity) expect(b?.chunk).not.toEqual(chunk);
    }
  });

  test("does not show its Keccak-256, and shows a length that is 32 more", () => {
    const payload = payloadOf(1_000);
    for (const { payloadHash, payloadLength } of segmentsIn(new Segmenter(OPTIONS).segment(payload))) {
      expect(payloadHash).not.toEqual(keccak_256(payload));
      expect(payloadLength).toBe(1_032);
    }
  });

  test("of maxPayloadSize is taken on both sides, and one byte more is refused", () => {
    const options = { ...OPTIONS, maxPayloadSize: 1_000 };
    const reassembler = new Reassembler(options);
    const results = [...new Segmenter(options).segment(payloadOf(1_000))].map((message) => reassembler.accept(message));
    expect(results).toContainEqual(expect.objectContaining({ kind: "complete", payload: payloadOf(1_000) }));
    expect(() => new Segmenter(options).segment(payloadOf(1_001))).toThrow("want ≤ 1000 bytes");
  });
});

test("a payload that fits is not blinded: it carries no metadata at all", () => {
  const payload = payloadOf(187);
  expect([...new Segmenter(OPTIONS).segment(payload)]).toEqual([payload]);
});

test("a set that is too short to be blinded is invalid", () => {
  const [message = new Uint8Array()] = new Segmenter({ maxMessageSize: 187, wrap: "always" }).segment(payloadOf(31));
  const reassembler = new Reassembler({ ...OPTIONS, wrap: "always" });
  expect(reassembler.accept(message)).toMatchObject({ kind: "discarded", reason: "invalid" });
});
