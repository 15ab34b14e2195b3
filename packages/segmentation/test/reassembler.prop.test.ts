import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type AcceptResult, Reassembler, Segmenter, type Wrap } from "../src/index.ts";
import { payloadOf } from "./payloads.ts";
import { segmentBytes } from "./proto-bytes.ts";

const MAX_MESSAGE_SIZE = 187; // chunks of 128 bytes
const wrapModes = fc.constantFrom<Wrap>("when-needed", "always");

function segmentAll(payload: Uint8Array, wrap: Wrap): Uint8Array[] {
  return [...new Segmenter({ maxMessageSize: MAX_MESSAGE_SIZE, wrap }).segment(payload)];
}

function payloadsIn(results: readonly AcceptResult[]): Uint8Array[] {
  return results.flatMap((result) => (result.kind === "complete" ? [result.payload] : []));
}

test("SEG-F2: every payload size around the chunk boundaries survives, 0 and 1 included", () => {
  const lengths = [0, 1, 2];
  for (const count of [1, 2, 3, 7]) for (let off = -66; off <= 66; off += 1) lengths.push(count * 128 + off);
  for (const wrap of ["when-needed", "always"] as const) {
    for (const length of lengths) {
      const payload = payloadOf(length);
      const reassembler = new Reassembler({ maxMessageSize: MAX_MESSAGE_SIZE, wrap });
      const results = segmentAll(payload, wrap).map((bytes) => reassembler.accept(bytes, { nowMs: 0 }));
      expect(payloadsIn(results)).toEqual([payload]);
    }
  }
});

test("SEG-R1: interleaved sets in any order, with duplicates, come out once each and whole", () => {
  const payloads = fc.uniqueArray(fc.uint8Array({ maxLength: 1_500, minLength: MAX_MESSAGE_SIZE + 1 }), {
    minLength: 1,
    maxLength: 4,
    selector: (payload) => payload.join(),
  });
  const traffic = fc.tuple(payloads, wrapModes).chain(([sent, wrap]) => {
    const messages = sent.flatMap((payload) => segmentAll(payload, wrap));
    const repeated = fc.array(fc.constantFrom(...messages), { maxLength: 10 });
    const received = repeated.chain((extra) =>
      fc.shuffledSubarray([...messages, ...extra], { minLength: messages.length + extra.length }),
    );
    return fc.record({ sent: fc.constant(sent), wrap: fc.constant(wrap), received });
  });
  const survives = fc.property(traffic, ({ sent, wrap, received }) => {
    const reassembler = new Reassembler({ maxMessageSize: MAX_MESSAGE_SIZE, wrap });
    const results = received.map((bytes, nowMs) => reassembler.accept(bytes, { nowMs }));
    const byContent = (a: Uint8Array, b: Uint8Array) => (a.join() < b.join() ? -1 : 1);
    expect(payloadsIn(results).sort(byContent)).toEqual([...sent].sort(byContent));
    expect(reassembler.bufferedBytes).toBe(0);
  });
  fc.assert(survives);
});

test("feeding the pending segments again after a restart leads to the same place", () => {
  const plan = fc.record({ order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), restartAt: fc.nat(5) });
  const payload = payloadOf(5 * 128);
  const segments = segmentAll(payload, "always");
  const resumes = fc.property(plan, ({ order, restartAt }) => {
    const options = { maxMessageSize: MAX_MESSAGE_SIZE, wrap: "always" } as const;
    const stored: Uint8Array[] = [];
    const results: AcceptResult[] = [];
    let reassembler = new Reassembler(options);
    order.forEach((index, step) => {
      if (step === restartAt) {
        reassembler = new Reassembler(options);
        // Read back from a database, in an order of its own.
        for (const bytes of stored.toReversed()) reassembler.accept(bytes, { nowMs: 0 });
      }
      const bytes = segments[index] ?? new Uint8Array();
      const result = reassembler.accept(bytes, { nowMs: step });
      if (result.kind === "pending") stored.push(bytes);
      results.push(result);
    });
    expect(results.map(({ kind }) => kind)).toEqual(["pending", "pending", "pending", "pending", "complete"]);
    expect(payloadsIn(results)).toEqual([payload]);
  });
  fc.assert(resumes);
});

test("SEG-F4: whatever fits comes back unchanged, also when it looks like a segment", () => {
  const looksAlike = fc
    .record({
      hash: fc.uint8Array({ minLength: 31, maxLength: 33 }),
      length: fc.nat(200),
      index: fc.nat(3),
      dataCount: fc.nat(3),
      isParity: fc.boolean(),
      parityCount: fc.nat(2),
      chunk: fc.uint8Array({ maxLength: 100 }),
    })
    .map(segmentBytes);
  const honest = fc.uint8Array({ maxLength: 130 }).map((inner) => segmentAll(inner, "always")[0] ?? inner);
  const anything = fc.oneof(looksAlike, honest, fc.uint8Array({ maxLength: MAX_MESSAGE_SIZE }));
  const unchanged = fc.property(anything, (payload) => {
    const reassembler = new Reassembler({ maxMessageSize: MAX_MESSAGE_SIZE });
    const results = segmentAll(payload, "when-needed").map((bytes) => reassembler.accept(bytes, { nowMs: 0 }));
    expect(payloadsIn(results)).toEqual([payload]);
  });
  fc.assert(unchanged, { numRuns: 500 });
});

test("mutated segments and garbage never throw, never pass for the payload and never stay beyond the bounds", () => {
  const payload = payloadOf(4 * 128);
  const segments = segmentAll(payload, "always");
  const mutated = fc
    .record({
      segment: fc.constantFrom(...segments),
      edits: fc.array(fc.tuple(fc.nat(MAX_MESSAGE_SIZE - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.nat(MAX_MESSAGE_SIZE)),
    })
    .map(({ segment, edits, cut }) => {
      const bytes = segment.slice(0, cut ?? undefined);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  const input = fc.array(fc.oneof({ weight: 4, arbitrary: mutated }, fc.uint8Array({ maxLength: 250 })), {
    maxLength: 30,
  });
  const bounded = fc.property(input, (messages) => {
    const options = { maxMessageSize: MAX_MESSAGE_SIZE, maxBufferedBytes: 4_000, maxSets: 4, wrap: "always" } as const;
    const reassembler = new Reassembler(options);
    for (const bytes of messages) {
      const result = reassembler.accept(bytes, { nowMs: 0 });
      expect(reassembler.bufferedBytes).toBeLessThanOrEqual(4_000);
      if (result.kind === "complete" && result.payload.length === payload.length) {
        expect(result.payload).toEqual(payload);
      }
    }
    reassembler.expire(1e9);
    expect(reassembler.bufferedBytes).toBe(0);
  });
  fc.assert(bounded, { numRuns: 400 });
});

test("a hostile sender cannot make the process hold more than the configured bytes", () => {
  const maxBufferedBytes = 4 * 2 ** 20;
  const options = { maxMessageSize: 2_000, maxBufferedBytes, maxSets: 1e6, wrap: "always" } as const;
  const reassembler = new Reassembler(options);
  const before = usedBytes();
  const chunk = new Uint8Array(1_024);
  for (let seed = 0; seed < 40_000; seed += 1) {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, seed);
    // 40 MB of full chunks, then as many sets with one byte each.
    const isTiny = seed >= 20_000;
    const set = isTiny ? { length: 2, chunk: chunk.subarray(0, 1) } : { length: 2_048, chunk };
    const result = reassembler.accept(prefixed(hash, set.length, set.chunk), { nowMs: seed, sender: `s${seed}` });
    expect(result.kind).toBe("pending");
  }
  expect(reassembler.bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes);
  expect(reassembler.bufferedBytes).toBeGreaterThan(maxBufferedBytes / 2);
  // Twice, for what the engine frees late and for what the test itself holds.
  expect(usedBytes() - before).toBeLessThan(2 * maxBufferedBytes);
  expect(reassembler.expire(0).length).toBeLessThanOrEqual(256);
});

/** First of two segments; quicker than `segmentBytes` for many. */
function prefixed(hash: Uint8Array, length: number, chunk: Uint8Array): Uint8Array {
  const head = segmentBytes({ hash, length, index: 0, dataCount: 2, chunk: new Uint8Array() });
  const chunkHead = chunk.length < 128 ? [0x3a, chunk.length] : [0x3a, (chunk.length % 128) + 128, chunk.length >> 7];
  return Uint8Array.from([...head, ...chunkHead, ...chunk]);
}

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
