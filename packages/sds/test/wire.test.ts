import { describe, expect, test } from "@jest/globals";
import { hash } from "@stablelib/blake2b";
import { proto_sds_message } from "@waku/proto";
import fc from "fast-check";
import { acknowledge, openChannel, parse, send } from "../src/index.ts";
import { entry, field, utf8, varintField } from "./bytes.ts";
import { Peer } from "./peer.ts";
import { NO_JITTER } from "./seeded.ts";

const NOW_MS = 1_795_000_000_000;
const ID_A = "00112233445566778899aabbccddeeff";
const ID_B = "ffeeddccbbaa99887766554433221100";

/** What the ratchet message around it takes, rounded up: key, counters, nonce, tag, framing. */
const RATCHET_BYTES = 90;
/** Smallest class of padding, with its 4 bytes of length. */
const SMALLEST_ENVELOPE = 384 - 4;
/** A text of 100 characters as content frame (8 around it), private frame (9) and segment (41). */
const TEXT_SEGMENT_BYTES = 100 + 8 + 9 + 41;

describe("what we send", () => {
  test("content is exactly these fields: sender, Lamport time, history, content", () => {
    const state = { ...openChannel("I"), previousId: ID_A, toAcknowledge: [ID_B] };
    const { bytes, lamport } = send(state, utf8("hello"), { nowMs: NOW_MS, random: NO_JITTER });
    expect(lamport).toBe(NOW_MS);
    expect([...bytes]).toEqual([
      ...field(1, "I"),
      ...varintField(10, NOW_MS),
      ...entry(11, ID_A),
      ...entry(11, ID_B),
      ...field(20, "hello"),
    ]);
  });

  test("a sync message has no content", () => {
    const result = acknowledge({ ...openChannel("R"), toAcknowledge: [ID_B] }, { nowMs: NOW_MS });
    expect([...(result?.bytes ?? [])]).toEqual([...field(1, "R"), ...varintField(10, NOW_MS), ...entry(11, ID_B)]);
  });

  test("a message id is the hex of BLAKE2b-128 over sender, Lamport time and content", () => {
    const { messageId } = send(openChannel("R"), utf8("hi"), { nowMs: 0x01_02_03, random: NO_JITTER });
    const digest = hash(Uint8Array.from([0x52, 0, 0, 0, 0, 0, 1, 2, 3, 0x68, 0x69]), 16);
    expect(messageId).toBe(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  });

  test("CHAT-P1: a 100-character text with 3 ids, and an acknowledgement of 5, fit the smallest envelope", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    bob.send("own", NOW_MS);
    bob.receive(alice.send("1", NOW_MS).bytes, NOW_MS);
    bob.receive(alice.send("2", NOW_MS).bytes, NOW_MS);
    const text = bob.send("x".repeat(TEXT_SEGMENT_BYTES), NOW_MS).bytes;
    expect(parse(text)?.history).toHaveLength(3);
    expect(text.length).toBe(10 + 3 * 36 + 4 + TEXT_SEGMENT_BYTES);
    expect(text.length + RATCHET_BYTES).toBeLessThanOrEqual(SMALLEST_ENVELOPE);

    for (const text of ["3", "4", "5", "6", "7", "8"]) bob.receive(alice.send(text, NOW_MS).bytes, NOW_MS);
    const sync = bob.acknowledge(NOW_MS);
    expect(parse(sync)?.history).toHaveLength(5);
    expect(sync.length).toBe(10 + 5 * 36);
    expect(sync.length + RATCHET_BYTES).toBeLessThanOrEqual(SMALLEST_ENVELOPE);
  });
});

describe("interoperation with @waku/proto", () => {
  test("it reads our messages", () => {
    const state = { ...openChannel("I"), previousId: ID_A, toAcknowledge: [ID_B] };
    const { bytes } = send(state, utf8("hello"), { nowMs: NOW_MS, random: NO_JITTER });
    expect(proto_sds_message.SdsMessage.decode(bytes)).toMatchObject({
      senderId: "I",
      lamportTimestamp: BigInt(NOW_MS),
      causalHistory: [{ messageId: ID_A }, { messageId: ID_B }],
      content: utf8("hello"),
    });
  });

  test("we read its messages, and in the compact form skip what that leaves out", () => {
    const bytes = proto_sds_message.SdsMessage.encode({
      senderId: "R",
      messageId: "",
      channelId: "somewhere",
      lamportTimestamp: BigInt(NOW_MS),
      causalHistory: [{ messageId: ID_A, retrievalHint: Uint8Array.of(1), senderId: "I" }],
      repairRequest: [{ messageId: ID_B }],
      bloomFilter: new Uint8Array(100),
      content: utf8("hi"),
    });
    const { messageId } = send(openChannel("R"), utf8("hi"), { nowMs: NOW_MS, random: NO_JITTER });
    expect(parse(bytes)).toEqual({
      sender: "R",
      lamport: NOW_MS,
      history: [ID_A],
      content: { messageId, bytes: utf8("hi") },
      bloomFilter: new Uint8Array(100),
      repairRequest: [ID_B],
    });
  });
});

describe("what is not a message", () => {
  const head = [...field(1, "I"), ...varintField(10, NOW_MS)];

  test.each([
    ["nothing", []],
    ["a truncated field", [...head, 0xa2, 0x01, 9, 1]],
    ["an unknown sender", [...field(1, "X"), ...varintField(10, NOW_MS)]],
    ["no sender", varintField(10, NOW_MS)],
    ["no Lamport time", field(1, "I")],
    ["a Lamport time of 2^53", [...field(1, "I"), ...varintField(10, 2 ** 53)]],
    ["an id that is too short", [...head, ...entry(11, ID_A.slice(2))]],
    ["an id in upper case", [...head, ...entry(11, ID_B.toUpperCase())]],
    ["an id with a line break", [...head, ...entry(11, `${ID_B}\n`)]],
    ["more than 1,024 ids", [...head, ...Array.from({ length: 1_025 }, () => entry(11, ID_A)).flat()]],
    ["a name that does not belong to the content", [...head, ...field(2, ID_A), ...field(20, "hi")]],
  ])("%s", (_, bytes) => {
    expect(parse(Uint8Array.from(bytes))).toBeUndefined();
  });

  test("an id listed twice counts once, and the right name is accepted", () => {
    const { messageId } = send(openChannel("I"), utf8("hi"), { nowMs: NOW_MS, random: NO_JITTER });
    const bytes = [...head, ...field(2, messageId), ...entry(11, ID_A), ...entry(11, ID_A), ...field(20, "hi")];
    expect(parse(Uint8Array.from(bytes))).toMatchObject({ history: [ID_A], content: { messageId } });
  });

  test("garbage and mutated messages never throw, and what is read can be received", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    bob.receive(alice.send("one", NOW_MS).bytes, NOW_MS);
    const valid = bob.send("two", NOW_MS).bytes;
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const mutated = fc.tuple(edits, fc.nat(valid.length)).map(([changes, length]) => {
      const bytes = valid.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes.subarray(0, length || valid.length);
    });
    const input = fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }));
    const survives = fc.property(input, (bytes) => {
      if (parse(bytes) === undefined) return;
      const kinds = alice.receive(bytes, NOW_MS).map(({ kind }) => kind);
      for (const kind of kinds) {
        expect(["discarded", "acknowledged", "missing", "found", "content", "duplicate"]).toContain(kind);
      }
    });
    fc.assert(survives, { numRuns: 2_000 });
  });
});
