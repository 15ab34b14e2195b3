import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type ChannelState,
  decodeState,
  encodeState,
  openChannel,
  type Participant,
  SdsError,
  type Side,
} from "../src/index.ts";
import { isName } from "../src/participant.ts";

const ids = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
const fullIds = fc.stringMatching(/^[!-~]{1,128}$/);
const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter(isName);
const times = fc.maxSafeNat();
const counts = fc.nat(255);

/** A state whose ids are of one form. */
function statesWith(id: fc.Arbitrary<string>, who: fc.Arbitrary<Side | Participant>): fc.Arbitrary<ChannelState> {
  const request = fc.record({ dueMs: times, attempts: counts, isPostponed: fc.boolean() });
  const open = fc.record({
    lamport: times,
    previousId: fc.option(id, { nil: undefined }),
    toAcknowledge: fc.array(id),
    heads: fc.array(id),
    lost: fc.array(id),
    outstanding: fc.array(
      fc.record(
        { messageId: id, attempts: counts, dueMs: times, isPossiblyAcknowledged: fc.constant(true as const) },
        { requiredKeys: ["messageId", "attempts", "dueMs"] },
      ),
    ),
    missing: fc.array(
      fc.record(
        { messageId: id, sinceMs: times, isOvertaken: fc.constant(true as const), request, sender: names },
        { requiredKeys: ["messageId", "sinceMs"] },
      ),
    ),
    held: fc.array(
      fc.record({
        messageId: id,
        lamport: times,
        sizeBytes: times,
        sinceMs: times,
        isLate: fc.boolean(),
        waitsFor: fc.array(id),
      }),
    ),
    requested: fc.array(fc.record({ messageId: id, dueMs: times, isAnswered: fc.boolean() })),
    nextAnswerMs: times,
  });
  return fc.tuple(who, open).map(([participant, rest]) => ({ ...openChannel(participant), ...rest }));
}

const states = fc.oneof(
  statesWith(ids, fc.constantFrom("I", "R")),
  statesWith(fullIds, fc.record({ channelId: names, participantId: names })),
);

test("a snapshot gives back the state", () => {
  fc.assert(fc.property(states, (state) => expect(decodeState(encodeState(state))).toEqual(state)));
});

const FIXTURES: readonly { readonly why: string; readonly hex: string; readonly state: Partial<ChannelState> }[] =
  JSON.parse(readFileSync(new URL("snapshots.json", import.meta.url), "utf8"));

test.each(FIXTURES)("a snapshot of an earlier version is read: $why", ({ hex, state }) => {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  expect(decodeState(bytes)).toEqual({ ...openChannel("I"), ...state });
  expect(decodeState(encodeState(decodeState(bytes)))).toEqual(decodeState(bytes));
});

test("version 2 is fixed, byte for byte, in the compact form", () => {
  const state: ChannelState = {
    ...openChannel("I"),
    lamport: 0x0102,
    previousId: "a0".repeat(16),
    toAcknowledge: ["a1".repeat(16)],
    lost: ["a2".repeat(16)],
    outstanding: [{ messageId: "a3".repeat(16), attempts: 3, dueMs: 0x0304, isPossiblyAcknowledged: true }],
    missing: [{ messageId: "a4".repeat(16), sinceMs: 5, isOvertaken: true }],
    held: [
      { messageId: "a5".repeat(16), lamport: 6, sizeBytes: 7, sinceMs: 8, isLate: true, waitsFor: ["a4".repeat(16)] },
    ],
    requested: [{ messageId: "a3".repeat(16), dueMs: 9, isAnswered: true }],
    nextAnswerMs: 10,
  };
  const id = (byte: number) => Array(16).fill(byte);
  const time = (value: number) => [0, 0, 0, 0, 0, 0, value >> 8, value & 0xff];
  const one = [0, 0, 0, 1];
  const expected = [
    [2, 0, 0, 1, 0x49, ...time(0x0102), 1, ...id(0xa0)],
    [...one, ...id(0xa1), 0, 0, 0, 0, ...one, ...id(0xa2)],
    [...one, ...id(0xa3), 3, ...time(0x0304), 1],
    [...one, ...id(0xa4), ...time(5), 1],
    [...one, ...id(0xa5), ...time(6), ...time(7), ...time(8), 1, ...one, ...id(0xa4)],
    [...one, ...id(0xa3), ...time(9), 1, ...time(10)],
  ];
  expect([...encodeState(state)]).toEqual(expected.flat());
});

test("and in the full form, where ids and names are text", () => {
  const request = { dueMs: 1, attempts: 2, isPostponed: true };
  const state: ChannelState = {
    ...openChannel({ channelId: "ch", participantId: "é" }),
    heads: ["m1"],
    missing: [{ messageId: "m2", sinceMs: 3, request, sender: "bob" }],
  };
  const none = [0, 0, 0, 0];
  const zero = [...none, ...none];
  const expected = [
    [2, 1, 0, 2, 0xc3, 0xa9, 0, 2, 0x63, 0x68, ...zero, 0],
    [...none, 0, 0, 0, 1, 2, 0x6d, 0x31, ...none, ...none],
    [0, 0, 0, 1, 2, 0x6d, 0x32, ...none, 0, 0, 0, 3, 0b1110, ...none, 0, 0, 0, 1, 2, 0, 3, 0x62, 0x6f, 0x62],
    [...none, ...none, ...zero],
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
  ["another version", 0, 3, "version: want 1 or 2, got 3"],
  ["another form", 1, 2, "form: want 0 or 1, got 2"],
  ["another side", 4, 0x58, "side: want I or R"],
  ["no name", 3, 0, "name: want 1 to 256 bytes"],
  ["a name that is not UTF-8", 4, 0xff, "text: want UTF-8"],
  ["a time beyond 2^53", 5, 0xff, "time: want milliseconds below 2^53"],
  ["two previous ids", 13, 2, "previous ids: want 0 or 1, got 2"],
  ["a list longer than the snapshot", 17, 1, "length: want"],
  ["a list longer than any", 14, 0xff, "list: want ≤ 8192 entries"],
])("refused: %s", (_, at, value, message) => {
  const snapshot = encodeState(openChannel("I"));
  snapshot[at] = value;
  expect(() => decodeState(snapshot)).toThrow(message);
  expect(() => decodeState(snapshot)).toThrow(SdsError);
});

test("hostile snapshots are refused by the documented error, or read as what they then say", () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  const damaged = fc.tuple(states, edits).map(([state, changes]) => {
    const bytes = encodeState(state);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });
  const versions = fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 300 }));
  const madeUp = versions.map(([version, rest]) => Uint8Array.of(version, ...rest));
  const documented = fc.property(fc.oneof(damaged, madeUp, fc.uint8Array()), (bytes) => {
    let state: ChannelState;
    try {
      state = decodeState(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: "SdsError", code: "INVALID_STATE" });
      return;
    }
    expect(decodeState(encodeState(state))).toEqual(state);
  });
  fc.assert(documented, { numRuns: 2_000 });
});

test("a snapshot inside a larger buffer is read from its own bytes", () => {
  const snapshot = encodeState(openChannel("R"));
  const buffer = Buffer.concat([Buffer.from([9, 9]), snapshot]);
  expect(decodeState(buffer.subarray(2))).toEqual(openChannel("R"));
});
