import { describe, expect, test } from "@jest/globals";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { Reassembler, readSetId, Segmenter } from "../src/index.ts";
import { payloadOf } from "./payloads.ts";
import { segmentBytes } from "./proto-bytes.ts";

const OPTIONS = { maxMessageSize: 123, wrap: "always" } as const;
const AT_0 = { nowMs: 0 };

/** `count` full chunks of 64 bytes, cut from a payload that `seed` makes its own. */
function makeSet(count: number, seed = 0): { payload: Uint8Array; segments: Uint8Array[]; setId: string } {
  const payload = payloadOf(count * 64).fill(seed, 0, 1);
  const hash = Array.from(keccak_256(payload), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const segments = [...new Segmenter(OPTIONS).segment(payload)];
  return { payload, segments, setId: `${hash}-${count * 64}-${count}-0-${count === 1 ? 0 : 64}` };
}

function part(segments: readonly Uint8Array[], index: number): Uint8Array {
  const segment = segments[index];
  if (segment === undefined) throw new RangeError(`no segment ${index}`);
  return segment;
}

describe("one set", () => {
  test("SEG-F2, SEG-R1: segments in any order give the payload, and each call says how far it is", () => {
    const { payload, segments, setId } = makeSet(3);
    const reassembler = new Reassembler(OPTIONS);
    const pending = { kind: "pending", setId, isParity: false, total: 3 };
    expect(reassembler.accept(part(segments, 2), AT_0)).toEqual({ ...pending, index: 2, held: 1, needed: 2 });
    expect(reassembler.accept(part(segments, 0), AT_0)).toEqual({ ...pending, index: 0, held: 2, needed: 1 });
    expect(reassembler.accept(part(segments, 1), AT_0)).toEqual({ kind: "complete", payload, setId });
    expect(reassembler.bufferedBytes).toBe(0);
  });

  test("its id tells hash and length of the payload", () => {
    const { payload, setId } = makeSet(3);
    expect(readSetId(setId)).toEqual({ payloadHash: keccak_256(payload), payloadLength: payload.length });
  });

  test("a segment that is held, or of a complete set, is a duplicate", () => {
    const { segments, setId } = makeSet(2);
    const reassembler = new Reassembler(OPTIONS);
    const duplicate = { kind: "discarded", reason: "duplicate", setId };
    reassembler.accept(part(segments, 0), AT_0);
    expect(reassembler.accept(part(segments, 0), AT_0)).toEqual(duplicate);
    reassembler.accept(part(segments, 1), AT_0);
    expect(reassembler.accept(part(segments, 1), AT_0)).toEqual(duplicate);
  });

  test("a forged header does not spoil the genuine set", () => {
    const { payload, segments, setId } = makeSet(2);
    const hash = keccak_256(payload);
    const reassembler = new Reassembler(OPTIONS);
    const forgeries = [
      segmentBytes({ hash, length: 127, index: 0, dataCount: 2, chunk: payloadOf(64) }),
      segmentBytes({ hash, length: 128, index: 0, dataCount: 3, chunk: payloadOf(60) }),
      segmentBytes({ hash, length: 128, index: 0, dataCount: 2, parityCount: 1, chunk: payloadOf(64) }),
    ];
    for (const forgery of forgeries) expect(reassembler.accept(forgery, AT_0)).toMatchObject({ kind: "pending" });
    reassembler.accept(part(segments, 1), AT_0);
    expect(reassembler.accept(part(segments, 0), AT_0)).toEqual({ kind: "complete", payload, setId });
  });

  test("a parity count of 0 on the wire is the same set as none", () => {
    const { payload, segments, setId } = makeSet(2);
    const reassembler = new Reassembler(OPTIONS);
    const chunk = payload.slice(0, 64);
    const hash = keccak_256(payload);
    reassembler.accept(segmentBytes({ hash, length: 128, index: 0, dataCount: 2, parityCount: 0, chunk }), AT_0);
    expect(reassembler.accept(part(segments, 1), AT_0)).toEqual({ kind: "complete", payload, setId });
  });

  test("a set with parity completes by its data, and late parity is a duplicate", () => {
    const payload = payloadOf(100);
    const set = { hash: keccak_256(payload), length: 100, dataCount: 2, parityCount: 1 };
    const reassembler = new Reassembler(OPTIONS);
    const first = segmentBytes({ ...set, index: 0, chunk: payload.slice(0, 64) });
    expect(reassembler.accept(first, AT_0)).toMatchObject({ kind: "pending", held: 1, needed: 1, total: 3 });
    const last = segmentBytes({ ...set, index: 1, chunk: payload.slice(64) });
    expect(reassembler.accept(last, AT_0)).toMatchObject({ kind: "complete", payload });
    const parity = segmentBytes({ ...set, index: 0, isParity: true, chunk: payloadOf(64) });
    expect(reassembler.accept(parity, AT_0)).toMatchObject({ kind: "discarded", reason: "duplicate" });
  });

  test("senders do not share sets", () => {
    const { payload, segments } = makeSet(2);
    const reassembler = new Reassembler(OPTIONS);
    reassembler.accept(part(segments, 0), { nowMs: 0, sender: "alice" });
    expect(reassembler.accept(part(segments, 1), { nowMs: 0, sender: "bob" })).toMatchObject({ kind: "pending" });
    const complete = { kind: "complete", payload };
    expect(reassembler.accept(part(segments, 1), { nowMs: 0, sender: "alice" })).toMatchObject(complete);
    expect(reassembler.accept(part(segments, 0), { nowMs: 0, sender: "bob" })).toMatchObject(complete);
  });

  test("senders with long names that begin alike do not share sets", () => {
    const { payload, segments } = makeSet(2);
    const [alice, bob] = ["a", "b"].map((end) => "x".repeat(5_000) + end) as [string, string];
    const reassembler = new Reassembler(OPTIONS);
    reassembler.accept(part(segments, 0), { nowMs: 0, sender: alice });
    expect(reassembler.accept(part(segments, 1), { nowMs: 0, sender: bob })).toMatchObject({ kind: "pending" });
    const complete = reassembler.accept(part(segments, 1), { nowMs: 0, sender: alice });
    expect(complete).toMatchObject({ kind: "complete", payload, sender: alice });
    expect(reassembler.accept(part(segments, 1), { nowMs: 0, sender: alice })).toMatchObject({ reason: "duplicate" });
  });

  test("an empty sender is none", () => {
    const { payload, segments } = makeSet(2);
    const reassembler = new Reassembler(OPTIONS);
    reassembler.accept(part(segments, 0), { nowMs: 0, sender: "" });
    const complete = reassembler.accept(part(segments, 1), AT_0);
    expect(complete).toEqual({ kind: "complete", payload, setId: expect.any(String) });
  });

  test("the caller may reuse its buffer", () => {
    const { payload, segments } = makeSet(2);
    const reassembler = new Reassembler(OPTIONS);
    const buffer = Buffer.from(part(segments, 0));
    reassembler.accept(buffer, AT_0);
    buffer.fill(0);
    expect(reassembler.accept(part(segments, 1), AT_0)).toMatchObject({ kind: "complete", payload });
  });
});

describe("what is not taken", () => {
  const hash = new Uint8Array(32).fill(5);
  const valid = { hash, length: 128, index: 0, dataCount: 2, chunk: payloadOf(64) };

  test.each([
    ["a hash of 31 bytes", { ...valid, hash: hash.slice(1) }],
    ["a hash of 33 bytes", { ...valid, hash: new Uint8Array(33) }],
    ["no data segments", { ...valid, dataCount: 0 }],
    ["a data index beyond its class", { ...valid, index: 2, parityCount: 9 }],
    ["a parity index beyond its class", { ...valid, index: 1, parityCount: 1, isParity: true }],
    ["parity in a set without", { ...valid, isParity: true }],
    ["more parity than data", { ...valid, parityCount: 3, isParity: true }],
    [
      "parity beyond the largest code",
      { ...valid, length: 60_000 * 64, dataCount: 60_000, parityCount: 9_000, isParity: true },
    ],
    ["parity of no bytes", { ...valid, length: 0, dataCount: 1, parityCount: 1, isParity: true, chunk: payloadOf(0) }],
    ["parity of uneven bytes", { ...valid, length: 120, parityCount: 1, isParity: true, chunk: payloadOf(60) }],
    ["a chunk too short for the length", { ...valid, chunk: payloadOf(63) }],
    ["a chunk that leaves nothing for the last", { ...valid, length: 64 }],
    ["an empty last chunk", { ...valid, index: 1, chunk: payloadOf(0) }],
    ["a last chunk longer than the others", { ...valid, index: 1, chunk: payloadOf(65) }],
    ["a last chunk after uneven ones", { ...valid, dataCount: 4, index: 3, chunk: payloadOf(10) }],
    ["more than the whole payload in one segment", { ...valid, dataCount: 1, chunk: payloadOf(64), length: 63 }],
    ["less than the whole payload in one segment", { ...valid, dataCount: 1, chunk: payloadOf(64), length: 65 }],
  ])("invalid: %s", (_, fields) => {
    const bytes = segmentBytes(fields);
    expect(new Reassembler(OPTIONS).accept(bytes, AT_0)).toEqual({ kind: "discarded", reason: "invalid" });
    // Without "always", what is no segment is a payload that travelled as it is.
    const result = new Reassembler({ maxMessageSize: 123 }).accept(bytes, AT_0);
    expect(result).toEqual({ kind: "complete", payload: bytes });
  });

  test.each([
    ["the message", OPTIONS, { ...valid, length: 256, chunk: payloadOf(128) }],
    ["the payload", { ...OPTIONS, maxPayloadSize: 127 }, valid],
    ["the count", { ...OPTIONS, maxTotalSegments: 2 }, { ...valid, parityCount: 1 }],
    ["the whole set in memory", { ...OPTIONS, maxBufferedBytes: 1_024 + 128 + 2 * 560 - 1 }, valid],
  ])("oversized: %s", (_, options, fields) => {
    const reassembler = new Reassembler(options);
    expect(reassembler.accept(segmentBytes(fields), AT_0)).toMatchObject({ kind: "discarded", reason: "oversized" });
    expect(reassembler.bufferedBytes).toBe(0);
  });

  test("undecodable bytes are discarded, or with wrapping when needed, the payload", () => {
    const bytes = Uint8Array.of(0x0a, 0xff, 1);
    const discarded = { kind: "discarded", reason: "undecodable" };
    expect(new Reassembler(OPTIONS).accept(bytes, AT_0)).toEqual(discarded);
    const reassembler = new Reassembler({ maxMessageSize: 123, maxPayloadSize: 3 });
    expect(reassembler.accept(bytes, AT_0)).toEqual({ kind: "complete", payload: bytes });
    const tooLong = { kind: "discarded", reason: "oversized" };
    expect(reassembler.accept(Uint8Array.of(0x0a, 0xff, 1, 1), AT_0)).toEqual(tooLong);
  });
});

describe("expiry and eviction", () => {
  test("SEG-R3: a set that gets no more is reported with what is missing", () => {
    const { segments, setId } = makeSet(6);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    reassembler.accept(part(segments, 1), { nowMs: 5_000, sender: "alice" });
    reassembler.accept(part(segments, 4), { nowMs: 5_900, sender: "alice" });
    expect(reassembler.expire(6_899)).toEqual([]);
    expect(reassembler.expire(6_900)).toEqual([
      {
        setId,
        sender: "alice",
        reason: "timeout",
        payloadLength: 384,
        held: 2,
        needed: 4,
        total: 6,
        missing: [
          { first: 0, last: 0 },
          { first: 2, last: 3 },
          { first: 5, last: 5 },
        ],
        missingParity: [],
        forged: false,
        ageMs: 1_900,
      },
    ]);
    expect(reassembler.expire(6_900)).toEqual([]);
    expect(reassembler.bufferedBytes).toBe(0);
  });

  test("accept gives up other sets whose time is over, and never the one whose segment has come", () => {
    const [late, other] = [makeSet(3, 1), makeSet(3, 2)];
    const incomplete: string[] = [];
    const reassembler = new Reassembler({
      ...OPTIONS,
      timeoutMs: 1_000,
      observer: { incomplete: ({ setId, reason }) => incomplete.push(`${setId} ${reason}`) },
    });
    for (const index of [0, 1]) reassembler.accept(part(late.segments, index), AT_0);
    reassembler.accept(part(other.segments, 0), AT_0);
    const result = reassembler.accept(part(late.segments, 2), { nowMs: 5_000 });
    expect(result).toMatchObject({ kind: "complete", payload: late.payload });
    expect(incomplete).toEqual([`${other.setId} timeout`]);
    expect(reassembler.expire(5_000)).toMatchObject([{ setId: other.setId, ageMs: 5_000 }]);
  });

  test("a clock that jumps back neither ends a set early nor keeps it for longer than the timeout from then", () => {
    const { segments, setId } = makeSet(3);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    reassembler.accept(part(segments, 0), { nowMs: 1_000_000 });
    expect(reassembler.expire(500)).toEqual([]);
    expect(reassembler.expire(1_499)).toEqual([]);
    expect(reassembler.expire(1_500)).toMatchObject([{ setId, ageMs: 1_000 }]);
    expect(reassembler.accept(part(segments, 1), { nowMs: 1_600 })).toMatchObject({ kind: "pending", held: 1 });
  });

  test("the clock is asked where no time is given", () => {
    const clock = { now: 0, nowMs: () => clock.now };
    const { segments } = makeSet(3);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000, clock });
    reassembler.accept(part(segments, 0));
    clock.now = 999;
    expect(reassembler.expire()).toEqual([]);
    clock.now = 1_000;
    expect(reassembler.expire()).toHaveLength(1);
  });

  test("the observer is told of every discard", () => {
    const discarded: unknown[] = [];
    const reassembler = new Reassembler({
      ...OPTIONS,
      observer: { discarded: (reason, from) => discarded.push({ reason, ...from }) },
    });
    const { segments, setId } = makeSet(2);
    for (let time = 0; time < 2; time += 1) reassembler.accept(part(segments, 0), { nowMs: 0, sender: "saro" });
    reassembler.accept(Uint8Array.of(0x0a, 0xff, 1), AT_0);
    expect(discarded).toEqual([{ reason: "duplicate", setId, sender: "saro" }, { reason: "undecodable" }]);
  });

  test("a complete set is forgotten after the timeout", () => {
    const { segments } = makeSet(1);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    expect(reassembler.accept(part(segments, 0), AT_0)).toMatchObject({ kind: "complete" });
    expect(reassembler.accept(part(segments, 0), { nowMs: 1_000 })).toMatchObject({ reason: "duplicate" });
    expect(reassembler.expire(1_000)).toEqual([]);
    expect(reassembler.accept(part(segments, 0), { nowMs: 1_000 })).toMatchObject({ kind: "complete" });
  });

  test("at most maxCompletedSets are remembered, the latest", () => {
    const reassembler = new Reassembler({ ...OPTIONS, maxCompletedSets: 2 });
    const sets = [1, 2, 3].map((seed) => part(makeSet(1, seed).segments, 0));
    for (const segment of sets) reassembler.accept(segment, AT_0);
    expect(reassembler.accept(part(sets, 1), AT_0)).toMatchObject({ kind: "discarded" });
    expect(reassembler.accept(part(sets, 0), AT_0)).toMatchObject({ kind: "complete" });
  });

  test("a sender that completes many sets has its own forgotten, not those of others", () => {
    const reassembler = new Reassembler({ ...OPTIONS, maxCompletedSets: 4 });
    const complete = (seed: number, sender: string) =>
      reassembler.accept(part(makeSet(1, seed).segments, 0), { nowMs: 0, sender }).kind === "complete";
    expect(complete(1, "raya")).toBe(true);
    for (let seed = 1; seed <= 20; seed += 1) expect(complete(seed, "saro")).toBe(true);
    expect(complete(1, "raya")).toBe(false);
    expect(complete(20, "saro")).toBe(false);
    expect(complete(1, "saro")).toBe(true);
  });

  test("beyond maxSets, the set that waited longest for a segment goes, and is reported", () => {
    const sets = [1, 2, 3].map((seed) => makeSet(3, seed));
    const [a, b, c] = sets.map(({ segments }) => segments);
    if (a === undefined || b === undefined || c === undefined) throw new RangeError("want three sets");
    const reassembler = new Reassembler({ ...OPTIONS, maxSets: 2 });
    reassembler.accept(part(a, 0), { nowMs: 1 });
    reassembler.accept(part(b, 0), { nowMs: 2 });
    reassembler.accept(part(a, 1), { nowMs: 3 });
    reassembler.accept(part(c, 0), { nowMs: 4 });
    const evicted = { setId: sets[1]?.setId, reason: "evicted", held: 1, needed: 2, ageMs: 2 };
    expect(reassembler.expire(4)).toMatchObject([evicted]);
    expect(reassembler.accept(part(a, 2), { nowMs: 5 })).toMatchObject({ kind: "complete" });
  });

  test("beyond maxBufferedBytes, older sets make room", () => {
    const cost = 64 + 560;
    const reassembler = new Reassembler({ ...OPTIONS, maxBufferedBytes: 2 * 1_024 + 4 * cost });
    const [a, b] = [makeSet(4, 1), makeSet(4, 2)];
    for (const index of [0, 1]) reassembler.accept(part(a.segments, index), AT_0);
    for (const index of [0, 1]) reassembler.accept(part(b.segments, index), AT_0);
    expect(reassembler.bufferedBytes).toBe(2 * 1_024 + 4 * cost);
    expect(reassembler.expire(0)).toEqual([]);
    expect(reassembler.accept(part(b.segments, 2), AT_0)).toMatchObject({ kind: "pending", held: 3 });
    expect(reassembler.bufferedBytes).toBe(1_024 + 3 * cost);
    expect(reassembler.expire(0)).toMatchObject([{ setId: a.setId, reason: "evicted" }]);
    expect(reassembler.accept(part(b.segments, 3), AT_0)).toMatchObject({ kind: "complete", payload: b.payload });
  });

  test("a sender beyond its bounds loses its own sets, not those of others", () => {
    const reassembler = new Reassembler({ ...OPTIONS, maxSetsPerSender: 2 });
    const sets = [1, 2, 3, 4].map((seed) => makeSet(3, seed));
    const first = (seed: number, sender?: string) =>
      reassembler.accept(part(sets[seed]?.segments ?? [], 0), { nowMs: 0, ...(sender !== undefined && { sender }) });
    first(0, "raya");
    for (const seed of [0, 1, 2, 3]) first(seed, "saro");
    for (const seed of [0, 1, 2, 3]) first(seed);
    expect(reassembler.expire(0).map(({ sender, setId }) => ({ sender, setId }))).toEqual([
      { sender: "saro", setId: sets[0]?.setId },
      { sender: "saro", setId: sets[1]?.setId },
    ]);
  });

  test("the bound on the bytes of one sender counts its own", () => {
    const cost = 64 + 560;
    const name = 4 * "saro".length;
    const bytes = 1_024 + name + 4 * cost;
    const reassembler = new Reassembler({ ...OPTIONS, maxBufferedBytesPerSender: bytes });
    const [a, b, tooLarge] = [makeSet(4, 1), makeSet(4, 2), makeSet(5, 3)];
    const saro = { nowMs: 0, sender: "saro" };
    for (const index of [0, 1, 2]) reassembler.accept(part(a.segments, index), { nowMs: 0, sender: "raya" });
    for (const index of [0, 1]) reassembler.accept(part(a.segments, index), saro);
    expect(reassembler.expire(0)).toEqual([]);
    reassembler.accept(part(b.segments, 0), saro);
    expect(reassembler.expire(0)).toMatchObject([{ sender: "saro", setId: a.setId, reason: "evicted" }]);
    expect(reassembler.accept(part(tooLarge.segments, 0), saro)).toMatchObject({ reason: "oversized" });
    expect(reassembler.accept(part(tooLarge.segments, 0), AT_0)).toMatchObject({ kind: "pending" });
    expect(reassembler.accept(part(a.segments, 3), { nowMs: 0, sender: "raya" })).toMatchObject({ kind: "complete" });
  });

  test("a set that was completed elsewhere takes no more segments", () => {
    const { segments, setId } = makeSet(3);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1_000 });
    reassembler.accept(part(segments, 0), AT_0);
    reassembler.markComplete(setId, { completedAtMs: 0 });
    expect(reassembler.bufferedBytes).toBe(0);
    expect(reassembler.accept(part(segments, 1), AT_0)).toMatchObject({ reason: "duplicate" });
    reassembler.expire(1_000);
    expect(reassembler.accept(part(segments, 1), { nowMs: 1_000 })).toMatchObject({ kind: "pending" });
  });

  test("what is left out of a report is the end: it has at most 1,024 ranges", () => {
    const hash = new Uint8Array(32).fill(5);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1 });
    const set = { hash, length: 5_000 * 64, dataCount: 5_000, parityCount: 700 };
    for (let index = 1; index < 5_000; index += 2) {
      reassembler.accept(segmentBytes({ ...set, index, chunk: payloadOf(64) }), AT_0);
    }
    const [report] = reassembler.expire(1);
    expect(report).toMatchObject({ held: 2_500, needed: 2_500, total: 5_700 });
    expect(report?.missing).toHaveLength(1_024);
    expect(report?.missing.slice(0, 2)).toEqual([
      { first: 0, last: 0 },
      { first: 2, last: 2 },
    ]);
    expect(report?.missingParity).toEqual([{ first: 0, last: 699 }]);
  });

  test("a huge count costs its sender nothing and us no more: the report has two ranges", () => {
    const hash = new Uint8Array(32).fill(5);
    const reassembler = new Reassembler({ ...OPTIONS, timeoutMs: 1 });
    const bytes = segmentBytes({ hash, length: 65_536 * 64, index: 70, dataCount: 65_536, chunk: payloadOf(64) });
    expect(reassembler.accept(bytes, AT_0)).toMatchObject({ kind: "pending", needed: 65_535 });
    const missing = [
      { first: 0, last: 69 },
      { first: 71, last: 65_535 },
    ];
    expect(reassembler.expire(1)).toMatchObject([{ missing, needed: 65_535 }]);
  });
});
