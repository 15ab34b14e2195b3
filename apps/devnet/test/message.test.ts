import { expect, test } from "@jest/globals";
import { messageHash } from "@waku/core";
import type { proto_message } from "@waku/proto";
import fc from "fast-check";
import { checkMessage, decodeMessage } from "../src/message.ts";
import { bytesOf, hexOf, NOW_MS, TOPICS } from "./messages.ts";

const SHARD = "/waku/2/rs/42/0";

function check(change: Partial<proto_message.WakuMessage>, pubsubTopic = SHARD) {
  const timestamp = BigInt(NOW_MS) * 1_000_000n;
  const message = { payload: bytesOf("hello"), contentTopic: "/test/1/a/proto", timestamp, ...change };
  const checked = checkMessage(pubsubTopic, message, TOPICS, NOW_MS);
  return checked.kind === "refused" ? checked.reason : checked.message;
}

test.each([
  [-600_000, "accepted"],
  [-600_001, "bad-timestamp"],
  [20_000, "accepted"],
  [20_001, "bad-timestamp"],
])("a timestamp %d ms from the clock is %s", (offsetMs, expected) => {
  const result = check({ timestamp: BigInt(NOW_MS + offsetMs) * 1_000_000n });
  expect(typeof result === "string" ? result : "accepted").toBe(expected);
});

test.each(["/waku/2/rs/42/8", "/waku/2/rs/1/0", "", "/waku/2/default-waku/proto"])(
  "%j is no shard of this network",
  (pubsubTopic) => {
    expect(check({}, pubsubTopic)).toBe("unsupported-topic");
  },
);

test("a message without content topic is malformed", () => {
  expect(check({ contentTopic: "" })).toBe("malformed");
});

test("meta has at most 64 bytes", () => {
  expect(check({ meta: new Uint8Array(64) })).toMatchObject({ ephemeral: false });
  expect(check({ meta: new Uint8Array(65) })).toBe("malformed");
});

test("a message without timestamp gets the time of the node, before it is hashed", () => {
  const stamped = check({});
  expect(check({ timestamp: 0n })).toEqual(stamped);
});

test("the limit is 153,600 bytes of the whole message", () => {
  // Tags, lengths and the other fields around a payload of this size.
  const framing = 4 + 2 + "/test/1/a/proto".length + 10;
  expect(check({ payload: new Uint8Array(153_600 - framing) })).toMatchObject({ ephemeral: false });
  expect(check({ payload: new Uint8Array(153_600 - framing + 1) })).toBe("too-large");
});

test("the hash is the one of 14/WAKU2-MESSAGE, test vector 1", () => {
  const pubsubTopic = "/waku/2/default-waku/proto";
  const timestamp = 0x175789bfa23f8400n;
  const message = {
    payload: Uint8Array.of(1, 2, 3, 4, 0x54, 0x45, 0x53, 0x54, 5, 6, 7, 8),
    contentTopic: "/waku/2/default-content/proto",
    meta: bytesOf("super-secret"),
    timestamp,
  };
  const checked = checkMessage(pubsubTopic, message, new Set([pubsubTopic]), Number(timestamp / 1_000_000n));
  expect(checked.kind === "accepted" ? hexOf(checked.message.hash) : checked.reason).toBe(
    "64cce733fed134e83da02b02c6f689814872b1a0ac97ea56b76095c3c72bfe05",
  );
});

test("the hash tells messages apart by everything it covers", () => {
  const hashOf = (change: Partial<proto_message.WakuMessage>, pubsubTopic?: string) => {
    const result = check(change, pubsubTopic);
    return typeof result === "string" ? result : hexOf(result.hash);
  };
  const changed = [
    hashOf({}),
    hashOf({ payload: bytesOf("hullo") }),
    hashOf({ contentTopic: "/test/1/b/proto" }),
    hashOf({ meta: bytesOf("meta") }),
    hashOf({ timestamp: BigInt(NOW_MS) * 1_000_000n + 1n }),
    hashOf({}, "/waku/2/rs/42/1"),
  ];
  expect(new Set(changed).size).toBe(changed.length);
  expect(hashOf({ version: 1, ephemeral: true })).toBe(changed[0]);
});

test("what one node accepts and encodes, the next one accepts with the same hash and bytes", () => {
  const fields = {
    payload: fc.uint8Array({ maxLength: 300 }),
    contentTopic: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
    meta: fc.uint8Array({ maxLength: 64 }),
    version: fc.nat(3),
    ephemeral: fc.boolean(),
  };
  const messages = fc.record(fields, { requiredKeys: ["payload", "contentTopic"] });
  const travels = fc.property(messages, (message) => {
    const first = check(message);
    if (typeof first === "string") throw new Error(first);
    const decoded = decodeMessage(first.bytes);
    if (decoded === undefined) throw new Error("want a message");
    const second = check(decoded);
    if (typeof second === "string") throw new Error(second);
    expect([hexOf(second.hash), hexOf(second.bytes)]).toEqual([hexOf(first.hash), hexOf(first.bytes)]);
  });
  fc.assert(travels);
});

test("any bytes decode to a message or to undefined", () => {
  const decodes = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const message = decodeMessage(bytes);
    expect(message === undefined || typeof message.contentTopic === "string").toBe(true);
  });
  fc.assert(decodes);
});

test("the hash is the one that light nodes compute", () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  const meta = fc.option(bytes(64), { nil: undefined });
  fc.assert(
    fc.property(bytes(500), meta, fc.string({ minLength: 1, unit: "grapheme" }), (payload, meta, contentTopic) => {
      const message = { payload, contentTopic, timestamp: BigInt(NOW_MS) * 1_000_000n, ...(meta && { meta }) };
      const result = check(message);
      const theirs = messageHash(SHARD, { ...message, meta, rateLimitProof: undefined, version: 0, ephemeral: false });
      expect(typeof result === "string" ? result : hexOf(result.hash)).toBe(hexOf(theirs));
    }),
  );
});
