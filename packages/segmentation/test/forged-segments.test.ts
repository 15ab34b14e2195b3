/** What is left of a payload when somebody who can send in the sender's name mixes false segments in. */
import { describe, expect, test } from "@jest/globals";
import { type AcceptResult, Reassembler, type ReassemblerOptions, SEGMENT_OVERHEAD, Segmenter } from "../src/index.ts";
import { encodeSegment, parseSegment, type Segment } from "../src/segment.ts";
import { payloadOf } from "./payloads.ts";

const OPTIONS = { maxMessageSize: SEGMENT_OVERHEAD + 64, wrap: "always" } as const;
const AT_0 = { nowMs: 0 };

function segmentsOf(payload: Uint8Array, options = {}): Segment[] {
  return [...new Segmenter({ ...OPTIONS, ...options }).segment(payload)].map((message) => {
    const parsed = parseSegment(message);
    if (parsed.kind !== "segment") throw new TypeError("want a segment");
    return parsed.segment;
  });
}

/** The same place in the set with other bytes. */
function forged(segment: Segment, seed = 1): Segment {
  const chunk = segment.chunk.map((byte, index) => byte ^ (Math.imul(index + 7, seed + segment.index * 31) | 1));
  return { ...segment, chunk };
}

function outcome(segments: readonly Segment[], options: Partial<ReassemblerOptions> = {}): AcceptResult | undefined {
  const reassembler = new Reassembler({ ...OPTIONS, ...options });
  const results = segments.map((segment) => reassembler.accept(encodeSegment(segment), AT_0));
  return results.find(({ kind }) => kind === "complete");
}

function without<Item>(items: readonly Item[], ...indexes: number[]): Item[] {
  return items.filter((_, index) => !indexes.includes(index));
}

/** 24 of data, 3 of parity. */
const payload = payloadOf(24 * 64 - 9);
const segments = segmentsOf(payload);

describe("a forged segment does not lose the payload", () => {
  test("wherever it is, when it comes first", () => {
    for (const segment of segments) {
      expect(outcome([forged(segment), ...segments])).toMatchObject({ kind: "complete", payload });
    }
  });

  test("wherever it is, when the true one never comes", () => {
    for (const [index, segment] of segments.entries()) {
      const received = [forged(segment), ...without(segments, index)];
      expect(outcome(received)).toMatchObject({ kind: "complete", payload });
    }
  });

  test("and is counted", () => {
    const [first] = segments as [Segment];
    expect(outcome([forged(first), ...segments])).toMatchObject({ forged: 1 });
    expect(outcome(segments)).toEqual({ kind: "complete", payload, setId: expect.any(String) });
  });

  test("when it differs in one bit", () => {
    const [first] = segments as [Segment];
    const chunk = first.chunk.slice();
    chunk[17] = (chunk[17] ?? 0) ^ 0x10;
    expect(outcome([{ ...first, chunk }, ...without(segments, 0)])).toMatchObject({ kind: "complete", payload });
  });

  test("when every index was forged before", () => {
    const received = [...segments.map((segment) => forged(segment)), ...segments];
    expect(outcome(received)).toMatchObject({ kind: "complete", payload });
  });

  test("when a whole other payload is announced under the same name", () => {
    const other = segmentsOf(payloadOf(24 * 64 - 9).reverse()).map((segment, index) => ({
      ...segment,
      payloadHash: segments[index]?.payloadHash ?? segment.payloadHash,
    }));
    expect(outcome([...other, ...segments])).toMatchObject({ kind: "complete", payload });
  });

  test("without parity, when the true one comes too", () => {
    const plain = segmentsOf(payload, { parity: "none" });
    const [first, second] = plain as [Segment, Segment];
    expect(outcome([forged(first), forged(second), ...plain])).toMatchObject({ kind: "complete", payload });
  });

  test("in sets of other implementations: chunks of an odd size, more parity than there is a code for", () => {
    const payloadHash = segments[0]?.payloadHash ?? new Uint8Array();
    for (const parityCount of [0, 1, 9]) {
      const set = { payloadHash, payloadLength: payload.length, dataCount: 31, parityCount, isParity: false };
      const cut = Array.from({ length: 31 }, (_, index) => {
        return { ...set, index, chunkSize: 50, chunk: payload.slice(index * 50, (index + 1) * 50) };
      });
      const [first, second] = cut as [Segment, Segment];
      expect(outcome([forged(first), forged(second), ...cut])).toMatchObject({ kind: "complete", payload });
    }
    const [first, second] = [0, 1].map((index) => {
      const half = { payloadHash, payloadLength: payload.length, dataCount: 2, parityCount: 3, isParity: false };
      return { ...half, index, chunkSize: 800, chunk: payload.slice(index * 800, (index + 1) * 800) };
    }) as [Segment, Segment];
    const roomy = { maxMessageSize: 1_000 };
    expect(outcome([forged(first), first, second], roomy)).toMatchObject({ kind: "complete", payload });
  });

  test("of a payload of one segment, also with parity", () => {
    const small = payloadOf(50);
    for (const parity of ["none", { rate: 0.125 }] as const) {
      const [first, ...rest] = segmentsOf(small, { parity }) as [Segment, ...Segment[]];
      expect(outcome([forged(first), first, ...rest])).toMatchObject({ kind: "complete", payload: small });
      if (rest.length > 0)
        expect(outcome([forged(first), ...rest])).toMatchObject({ kind: "complete", payload: small });
    }
  });

  test("of a large payload that is assembled in place", () => {
    const options = { maxMessageSize: 60_000 } as const;
    const large = new Uint8Array(new Uint32Array(400_000).map((_, index) => Math.imul(index + 1, 0x9e3779b1)).buffer);
    const genuine = segmentsOf(large, options);
    const [first, second, third, fourth] = genuine as [Segment, Segment, Segment, Segment];
    const lone = outcome([forged(second), ...without(genuine, 1)], options);
    const twins = outcome([forged(fourth), first, forged(third), ...without(genuine, 0, 9)], options);
    for (const result of [lone, twins]) {
      if (result?.kind !== "complete") throw new TypeError("want a whole payload");
      expect(Buffer.from(result.payload).equals(large)).toBe(true);
      expect(result.forged).toBeGreaterThan(0);
    }
  });
});

describe("when the true segments cannot be told yet", () => {
  const some = segmentsOf(payload, { parity: "none" });

  test("the set waits for them, and says so", () => {
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    const [first] = some as [Segment];
    for (const segment of [forged(first), ...without(some, 0)]) {
      const result = reassembler.accept(encodeSegment(segment), AT_0);
      expect(result).toMatchObject({ kind: "pending" });
      expect(result.kind === "pending" && result.needed).toBeGreaterThan(0);
    }
    expect(reassembler.accept(encodeSegment(first), AT_0)).toMatchObject({ kind: "complete", payload });
  });

  test("one true segment that comes last is enough, however large the set", () => {
    const large = segmentsOf(payloadOf(700 * 64), { parity: "none" });
    const [first] = large as [Segment];
    expect(outcome([forged(first), ...without(large, 0), first])).toMatchObject({ kind: "complete", forged: 1 });
  });

  test("the report of a set that never gets them says that some were forged", () => {
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    const [first] = some as [Segment];
    for (const segment of [forged(first), ...without(some, 0)]) reassembler.accept(encodeSegment(segment), AT_0);
    expect(reassembler.expire(1_000)).toMatchObject([{ forged: true, held: 24, needed: 1, missing: [] }]);
  });

  test("alternatives do not keep it from timing out", () => {
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    const [first] = some as [Segment];
    reassembler.accept(encodeSegment(first), AT_0);
    reassembler.accept(encodeSegment(forged(first)), { nowMs: 900 });
    expect(reassembler.expire(1_000)).toHaveLength(1);
  });
});

describe("alternatives are bounded", () => {
  test("four chunks for an index, then no more", () => {
    const [first] = segments as [Segment];
    const reassembler = new Reassembler(OPTIONS);
    const results = [1, 2, 3, 4, 5].map((seed) => reassembler.accept(encodeSegment(forged(first, seed)), AT_0));
    expect(results.map(({ kind }) => kind)).toEqual(["pending", "pending", "pending", "pending", "discarded"]);
    expect(results.at(-1)).toMatchObject({ reason: "mismatch" });
    expect(reassembler.accept(encodeSegment(forged(first, 2)), AT_0)).toMatchObject({ reason: "duplicate" });
  });

  test("they leave room for the segments that are still to come", () => {
    const many = segmentsOf(payloadOf(300 * 64), { parity: "none" });
    const maxBufferedBytes = 1_024 + 300 * (64 + 560) + 16 + 3_000;
    for (const sender of [undefined, "saro"]) {
      const reassembler = new Reassembler({
        ...OPTIONS,
        maxBufferedBytes,
        maxBufferedBytesPerSender: maxBufferedBytes,
      });
      const from = { nowMs: 0, ...(sender !== undefined && { sender }) };
      const alternatives = many.slice(0, 75).flatMap((each) => [each, forged(each, 1), forged(each, 2)]);
      for (const segment of [...alternatives, ...many.slice(75, 299)]) {
        reassembler.accept(encodeSegment(segment), from);
        expect(reassembler.bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes);
      }
      expect(reassembler.accept(encodeSegment(many[299] as Segment), from)).toMatchObject({ kind: "complete" });
    }
  });

  test("they push no set out", () => {
    const cost = 64 + 560;
    const maxBufferedBytes = 1_024 + 24 * cost + 1_024 + 2 * cost;
    const reassembler = new Reassembler({ ...OPTIONS, maxBufferedBytes });
    const [waiting] = segmentsOf(payloadOf(640)) as [Segment];
    reassembler.accept(encodeSegment(waiting), AT_0);
    for (const segment of segments.slice(0, 22)) reassembler.accept(encodeSegment(segment), AT_0);
    const alternatives = segments.slice(0, 9).map((each) => reassembler.accept(encodeSegment(forged(each)), AT_0));
    expect(alternatives.slice(3)).toEqual(
      alternatives.slice(3).map(({ setId }) => ({ kind: "discarded", reason: "mismatch", setId })),
    );
    expect(reassembler.bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes);
    expect(reassembler.expire(0)).toEqual([]);
  });
});
