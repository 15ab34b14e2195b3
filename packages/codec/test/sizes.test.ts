import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  deriveConversationKeys,
  type EncryptedPayload,
  encodeContentFrame,
  encodePrivateFrame,
  largestPayloadWithin,
  MAX_PAYLOAD_OVERHEAD_BYTES,
  mailboxTopic,
  paddedLength,
  sealEnvelope,
  text,
} from "../src/index.ts";
import { encodePayload } from "../src/payload.ts";

const MAX_UINT32 = 0xffffffff;
const random = (length: number) => new Uint8Array(length).fill(0x5a);
const keys = deriveConversationKeys(random(32)).initiatorToResponder;

/** A payload around a ratchet plaintext of `length` bytes, which the ratchet makes 28 bytes longer. */
function payload(kind: EncryptedPayload["kind"], length: number, counter: number): EncryptedPayload {
  const message = {
    dh: random(32),
    messageNumber: counter,
    previousChainLength: counter,
    ciphertext: random(length + 28),
  };
  return kind === "ratchet" ? { kind, message } : { kind, initiator: random(32), ephemeral: random(32), message };
}

const seal = (content: EncryptedPayload, ephemeralBytes: 0 | 32) =>
  sealEnvelope(content, keys, { ephemeral: random(ephemeralBytes), random });

/** 14/WAKU2-MESSAGE: payload = 1, content topic = 2, timestamp = 10. */
function wakuMessage(envelope: Uint8Array, bits: number): Uint8Array {
  const nowNs = 1_800_000_000n * 1_000_000_000n;
  const writer = new BinaryWriter();
  writer.tag(1, 2).bytes(envelope);
  writer.tag(2, 2).string(mailboxTopic(random(32), bits));
  return writer.tag(10, 0).sint64(nowNs).finish();
}

describe("the smallest class", () => {
  test("is an envelope of 429 bytes, or 463 with an ephemeral key", () => {
    expect(seal(payload("ratchet", 0, 0), 0)).toHaveLength(429);
    expect(seal(payload("handshake", 0, 0), 32)).toHaveLength(463);
  });

  test("is a Waku message of 459 bytes in the one mailbox of a devnet, 460 in one of 256", () => {
    expect(wakuMessage(seal(payload("ratchet", 0, 0), 0), 0)).toHaveLength(459);
    expect(wakuMessage(seal(payload("ratchet", 0, 0), 0), 8)).toHaveLength(460);
  });

  test.each([
    ["ratchet", 308],
    ["handshake", 237],
  ] as const)("holds, for a %s with numbers below 128, a ratchet plaintext of %d bytes", (kind, most) => {
    expect(paddedLength(encodePayload(payload(kind, most, 127)).length)).toBe(384);
    expect(paddedLength(encodePayload(payload(kind, most + 1, 127)).length)).toBe(768);
  });
});

test("a text of 1 character and one of 100 give envelopes of one length", () => {
  const envelopeLength = (kind: EncryptedPayload["kind"], characters: number) => {
    const content = encodeContentFrame(text("x".repeat(characters)));
    const frame = encodePrivateFrame({ timestampMs: 1_800_000_000_000, body: { kind: "content", content } });
    return seal(payload(kind, frame.length, 0), 32).length;
  };
  expect(envelopeLength("ratchet", 100)).toBe(envelopeLength("ratchet", 1));
  expect(envelopeLength("handshake", 100)).toBe(envelopeLength("handshake", 1));
  expect(envelopeLength("handshake", 100)).toBe(463);
});

test("around a text of 100 characters, frames take 19 bytes", () => {
  const content = encodeContentFrame(text("x".repeat(100)));
  expect(content).toHaveLength(100 + 10);
  const frame = encodePrivateFrame({ timestampMs: 1_800_000_000_000, body: { kind: "content", content } });
  expect(frame).toHaveLength(100 + 19);
});

describe("what fits a given size", () => {
  test("the overhead of a payload is what its table says, and no payload has more", () => {
    expect(encodePayload(payload("handshake", 20_000, MAX_UINT32)).length - 20_000).toBe(MAX_PAYLOAD_OVERHEAD_BYTES);
    expect(encodePayload(payload("ratchet", 20_000, MAX_UINT32)).length - 20_000).toBe(MAX_PAYLOAD_OVERHEAD_BYTES - 72);
    const sizes = fc.nat({ max: 200_000 });
    const property = fc.property(sizes, fc.nat({ max: MAX_UINT32 }), (length, counter) => {
      const encoded = encodePayload(payload("handshake", length, counter));
      expect(encoded.length - length).toBeLessThanOrEqual(MAX_PAYLOAD_OVERHEAD_BYTES);
    });
    fc.assert(property, { numRuns: 50 });
  });

  test("a full payload fills its class, and its envelope is within the limit", () => {
    const property = fc.property(fc.integer({ min: 700, max: 160_000 }), (limit) => {
      const largest = largestPayloadWithin(limit);
      const plaintext = largest - MAX_PAYLOAD_OVERHEAD_BYTES;
      const full = payload("handshake", plaintext, MAX_UINT32);
      expect(paddedLength(largest)).toBe(4 + largest);
      expect(seal(full, 32).length).toBeLessThanOrEqual(limit);
    });
    fc.assert(property, { numRuns: 30 });
  });

  test("in 150 KiB less 512 bytes for Waku, a payload has 151,548 bytes", () => {
    const limit = 150 * 1_024 - 512;
    const largest = largestPayloadWithin(limit);
    expect(largest).toBe(151_552 - 4);
    const full = payload("handshake", largest - MAX_PAYLOAD_OVERHEAD_BYTES, MAX_UINT32);
    expect(encodePayload(full)).toHaveLength(largest);
    expect(wakuMessage(seal(full, 32), 8).length).toBeLessThanOrEqual(150 * 1_024);
  });

  test("less than the smallest envelope is refused", () => {
    expect(largestPayloadWithin(464)).toBe(380);
    expect(() => largestPayloadWithin(463)).toThrow(
      expect.objectContaining({
        name: "CodecError",
        code: "INVALID_OPTION",
        message: expect.stringContaining("≥ 464"),
      }),
    );
  });
});
