import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Segmenter } from "../src/index.ts";
import { payloadOf } from "./payloads.ts";

const OPTIONS = { maxMessageSize: 187 } as const; // chunks of 128 bytes

/** `payload` in pieces that end at `cuts`. */
function* piecesOf(payload: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield payload.slice(start, cut);
    start = cut;
  }
  yield payload.slice(start);
}

async function* later(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await undefined;
    yield piece;
  }
}

describe("a payload that arrives in pieces", () => {
  test("becomes the same messages as in one piece, whatever the pieces", async () => {
    const cases = fc
      .record({ length: fc.nat(2_000), wrap: fc.constantFrom("when-needed" as const, "always" as const) })
      .chain(({ length, wrap }) => fc.tuple(fc.constant({ length, wrap }), fc.array(fc.nat(length)), fc.boolean()));
    const equal = fc.asyncProperty(cases, async ([{ length, wrap }, cuts, isAsync]) => {
      const payload = payloadOf(length);
      const segmenter = new Segmenter({ ...OPTIONS, wrap });
      const pieces = piecesOf(payload, cuts);
      const messages = await Array.fromAsync(segmenter.segmentStream(isAsync ? later(pieces) : pieces));
      expect(messages).toEqual([...segmenter.segment(payload)]);
    });
    await fc.assert(equal, { numRuns: 200 });
  });

  test("is wrapped if it is a segment itself", async () => {
    const [inner = new Uint8Array()] = new Segmenter({ ...OPTIONS, wrap: "always" }).segment(payloadOf(60));
    const messages = await Array.fromAsync(new Segmenter(OPTIONS).segmentStream([inner.slice(0, 9), inner.slice(9)]));
    expect(messages).toEqual([...new Segmenter({ ...OPTIONS, wrap: "always" }).segment(inner)]);
  });

  test("may be given in one buffer that is used again", async () => {
    const payload = payloadOf(900);
    function* reusing(): Generator<Uint8Array> {
      const buffer = new Uint8Array(90);
      for (let at = 0; at < payload.length; at += 90) {
        buffer.set(payload.subarray(at, at + 90));
        yield buffer;
      }
    }
    const messages = await Array.fromAsync(new Segmenter(OPTIONS).segmentStream(reusing()));
    expect(messages).toEqual([...new Segmenter(OPTIONS).segment(payload)]);
  });

  test.each([
    ["PAYLOAD_TOO_LARGE", 10, { ...OPTIONS, maxPayloadSize: 1_000 }],
    ["TOO_MANY_SEGMENTS", 8, { ...OPTIONS, maxTotalSegments: 7 }],
  ])("is refused as soon as it is too much, and its source is closed: %s", async (code, fitting, options) => {
    let taken = 0;
    let isClosed = false;
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(100).fill(taken++);
      } finally {
        isClosed = true;
      }
    }
    const messages = new Segmenter(options).segmentStream(endless());
    await expect(messages.next()).rejects.toMatchObject({ name: "SegmentationError", code });
    expect({ taken, isClosed }).toEqual({ taken: fitting + 1, isClosed: true });
  });

  test("fails as its source fails", async () => {
    const failure = new Error("disk");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield payloadOf(500);
      throw failure;
    }
    await expect(new Segmenter(OPTIONS).segmentStream(failing()).next()).rejects.toBe(failure);
  });
});
