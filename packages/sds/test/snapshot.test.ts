import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type ChannelState, decodeState, encodeState, openChannel, SdsError } from "../src/index.ts";

const ids = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
const times = fc.maxSafeNat();
const states: fc.Arbitrary<ChannelState> = fc.record({
  side: fc.constantFrom("I", "R"),
  lamport: times,
  previousId: fc.option(ids, { nil: undefined }),
  toAcknowledge: fc.array(ids),
  outstanding: fc.array(fc.record({ messageId: ids, attempts: fc.nat(255), dueMs: times })),
  missing: fc.array(fc.record({ messageId: ids, sinceMs: times })),
});

test("a snapshot gives back the state", () => {
  fc.assert(fc.property(states, (state) => expect(decodeState(encodeState(state))).toEqual(state)));
});

test("version 1 is fixed, byte for byte", () => {
  const state: ChannelState = {
    side: "I",
    lamport: 0x0102,
    previousId: "a0".repeat(16),
    toAcknowledge: ["a1".repeat(16)],
    outstanding: [{ messageId: "a2".repeat(16), attempts: 3, dueMs: 0x0304 }],
    missing: [{ messageId: "a3".repeat(16), sinceMs: 0x0506 }],
  };
  const expected = [
    [1, 0x49, 0, 0, 0, 0, 0, 0, 1, 2, 1, ...Array(16).fill(0xa0)],
    [0, 0, 0, 1, ...Array(16).fill(0xa1)],
    [0, 0, 0, 1, ...Array(16).fill(0xa2), 3, 0, 0, 0, 0, 0, 0, 3, 4],
    [0, 0, 0, 1, ...Array(16).fill(0xa3), 0, 0, 0, 0, 0, 0, 5, 6],
  ];
  expect([...encodeState(state)]).toEqual(expected.flat());
});

test("every cut and every extension of a snapshot is refused", () => {
  const cuts = fc.property(states, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (state, share) => {
    const snapshot = encodeState(state);
    const refusal = expect.objectContaining({ name: "SdsError", code: "INVALID_STATE" });
    expect(() => decodeState(snapshot.subarray(0, Math.floor(snapshot.length * share)))).toThrow(refusal);
    expect(() => decodeState(Uint8Array.from([...snapshot, 0]))).toThrow(refusal);
  });
  fc.assert(cuts);
});

test.each([
  ["another version", 0, 2, "version: want 1, got 2"],
  ["another side", 1, 0x58, "side: want I or R"],
  ["a time beyond 2^53", 2, 0xff, "time: want milliseconds below 2^53"],
  ["two previous ids", 10, 2, "previous ids: want 0 or 1, got 2"],
  ["a list longer than the snapshot", 11, 0xff, "list: want"],
])("refused: %s", (_, at, value, message) => {
  const snapshot = encodeState(openChannel("I"));
  snapshot[at] = value;
  expect(() => decodeState(snapshot)).toThrow(message);
  expect(() => decodeState(snapshot)).toThrow(SdsError);
});

test("a snapshot inside a larger buffer is read from its own bytes", () => {
  const snapshot = encodeState(openChannel("R"));
  const buffer = Buffer.concat([Buffer.from([9, 9]), snapshot]);
  expect(decodeState(buffer.subarray(2))).toEqual(openChannel("R"));
});
