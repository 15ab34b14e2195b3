import { createCipheriv, hkdfSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import {
  deriveConversationKeys,
  deriveInboxKeys,
  matchesHint,
  openEnvelope,
  type ParsedEnvelope,
  parseEnvelope,
  sealEnvelope,
} from "../src/index.ts";
import { decodePayload, encodePayload } from "../src/payload.ts";
import { bytes, ephemerals, mutations, payloads } from "./arbitraries.ts";
import { fromHex, loadVectors, toHex } from "./vectors.ts";

const secrets = bytes(32);
const nonces = bytes(12);

function parse(envelope: Uint8Array): ParsedEnvelope {
  const parsed = parseEnvelope(envelope);
  if (!parsed) throw new Error("not an envelope");
  return parsed;
}

test("whatever is sealed opens again, with the keys of its direction and no other", () => {
  const property = fc.property(payloads, ephemerals, secrets, nonces, (payload, ephemeral, secret, nonce) => {
    const { initiatorToResponder: keys, responderToInitiator: otherWay } = deriveConversationKeys(secret);
    const envelope = parse(sealEnvelope(payload, keys, { ephemeral, random: () => nonce }));
    expect(envelope.ephemeral).toEqual(ephemeral);
    expect(matchesHint(envelope, keys)).toBe(true);
    expect(openEnvelope(envelope, keys)).toEqual(payload);
    expect(matchesHint(envelope, otherWay)).toBe(false);
    expect(openEnvelope(envelope, otherWay)).toBeUndefined();
  });
  fc.assert(property, { numRuns: 60 });
});

test("node:crypto and noble compute the same keys, hint and ciphertext", () => {
  const property = fc.property(payloads, ephemerals, secrets, nonces, (payload, ephemeral, secret, nonce) => {
    const { initiatorToResponder, responderToInitiator } = deriveConversationKeys(secret);
    for (const [keys, info] of [
      [initiatorToResponder, "chat/v1 envelopeI->R"],
      [responderToInitiator, "chat/v1 envelopeR->I"],
    ] as const) {
      const expected = new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), info, 64));
      expect(toHex(keys.sealKey) + toHex(keys.hintKey)).toBe(toHex(expected));
    }

    const keys = initiatorToResponder;
    const hint = blake2b(nonce, { key: keys.hintKey, dkLen: 8 });
    const encoded = encodePayload(payload);
    const envelope = parse(sealEnvelope(payload, keys, { ephemeral, random: () => nonce }));
    const padded = new Uint8Array(envelope.sealed.length - 16);
    padded.set([0, 0, encoded.length >> 8, encoded.length & 255, ...encoded]);
    const cipher = createCipheriv("chacha20-poly1305", keys.sealKey, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.from([1, ...hint, ...ephemeral]), { plaintextLength: padded.length });
    const sealed = [...cipher.update(padded), ...cipher.final(), ...cipher.getAuthTag()];
    expect(envelope).toEqual({ hint, nonce, sealed: Uint8Array.from(sealed), ephemeral });
  });
  fc.assert(property, { numRuns: 40 });
});

test("node:crypto derives the same keys for first messages", () => {
  const property = fc.property(secrets, secrets, secrets, (oneTimeKey, prekey, sharedSecret) => {
    const { sealKey, hintKey } = deriveInboxKeys({ oneTimeKey, prekey, sharedSecret });
    const salt = Uint8Array.of(...oneTimeKey, ...prekey);
    const expected = new Uint8Array(hkdfSync("sha256", sharedSecret, salt, "chat/v1 inbox", 64));
    expect(toHex(sealKey) + toHex(hintKey)).toBe(toHex(expected));
  });
  fc.assert(property, { numRuns: 30 });
});

test("a flipped bit in any field is not opened, and in the nonce or the hint not even recognised", () => {
  const field = fc.constantFrom("hint", "nonce", "sealed", "ephemeral");
  const property = fc.property(payloads, secrets, nonces, field, fc.nat(), (payload, secret, nonce, name, position) => {
    const keys = deriveConversationKeys(secret).initiatorToResponder;
    const envelope = parse(sealEnvelope(payload, keys, { ephemeral: nonce.slice(0, 0), random: () => nonce }));
    const value = envelope[name].length === 0 ? new Uint8Array(32) : envelope[name].slice();
    const index = (position >> 3) % value.length;
    value[index] = (value[index] ?? 0) ^ (1 << (position & 7));
    const changed = { ...envelope, [name]: value };
    expect(openEnvelope(changed, keys)).toBeUndefined();
    expect(matchesHint(changed, keys)).toBe(name === "sealed" || name === "ephemeral");
  });
  fc.assert(property, { numRuns: 100 });
});

test("two envelopes of one payload have no byte field in common", () => {
  const keys = deriveConversationKeys(new Uint8Array(32).fill(7)).initiatorToResponder;
  const message = {
    dh: new Uint8Array(32).fill(1),
    messageNumber: 1,
    previousChainLength: 1,
    ciphertext: new Uint8Array(28),
  };
  let counter = 0;
  const random = (length: number) => new Uint8Array(length).fill(++counter);
  const [a, b] = [1, 2].map(() =>
    parse(sealEnvelope({ kind: "ratchet", message }, keys, { ephemeral: new Uint8Array(0), random })),
  );
  expect([a?.hint, a?.nonce, a?.sealed]).not.toContainEqual(b?.hint);
  expect(a?.nonce).not.toEqual(b?.nonce);
  expect(a?.sealed.subarray(0, 16)).not.toEqual(b?.sealed.subarray(0, 16));
});

describe("bytes from anybody", () => {
  const keys = deriveConversationKeys(new Uint8Array(32).fill(3)).responderToInitiator;
  const random = (length: number) => new Uint8Array(length).fill(9);
  const valid = sealEnvelope(
    { kind: "ratchet", message: { dh: random(32), messageNumber: 1, previousChainLength: 1, ciphertext: random(40) } },
    keys,
    { ephemeral: random(32), random },
  );

  test("are an envelope or nothing, never an exception", () => {
    const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutations(valid)), (input) => {
      const envelope = parseEnvelope(input);
      if (envelope) expect([undefined, "ratchet"]).toContain(openEnvelope(envelope, keys)?.kind);
      else expect(envelope).toBeUndefined();
    });
    fc.assert(property, { numRuns: 300 });
  });

  test.each([
    ["nothing", []],
    ["another version", [8, 2, ...valid.slice(2)]],
    ["no version", [...valid.slice(2)]],
    ["a hint of 7 bytes", [8, 1, 0x12, 7, ...valid.slice(4, 11), ...valid.slice(12)]],
    ["a nonce of 11 bytes", [...valid.slice(0, 12), 0x1a, 11, ...valid.slice(14, 25), ...valid.slice(26)]],
    ["an ephemeral key of 31 bytes", [...valid.slice(0, -33), 31, ...valid.slice(-31)]],
    ["a tag and nothing sealed", [...valid.slice(0, 26), 0x22, 16, ...valid.slice(29, 45)]],
    ["a hundred thousand open groups", new Uint8Array(100_000).fill(0x0b)],
  ])("%s is not an envelope", (_case, input) => {
    expect(parseEnvelope(Uint8Array.from(input))).toBeUndefined();
  });

  test("inside a genuine seal, too, are a payload or nothing", () => {
    const inner = encodePayload({
      kind: "handshake",
      initiator: random(32),
      ephemeral: random(32),
      message: { dh: random(32), messageNumber: 1, previousChainLength: 1, ciphertext: random(40) },
    });
    const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutations(inner)), (input) => {
      const payload = decodePayload(input);
      if (!payload) return expect(payload).toBeUndefined();
      if (payload.kind === "unsupported") return expect(payload.bytes).toEqual(input);
      expect(decodePayload(encodePayload(payload))).toEqual(payload);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test.each([
    ["a ratchet key of 31 bytes", { dh: random(31) }],
    ["a ciphertext without a whole tag", { ciphertext: random(27) }],
  ])("%s is neither sealed nor opened", (_case, change) => {
    const right = { dh: random(32), messageNumber: 0, previousChainLength: 0, ciphertext: random(28) };
    const payload = { kind: "ratchet", message: { ...right, ...change } } as const;
    expect(() => encodePayload(payload)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    const { dh, ciphertext } = payload.message;
    const fields = [0x0a, dh.length, ...dh, 0x22, ciphertext.length, ...ciphertext];
    expect(decodePayload(Uint8Array.from([0x12, fields.length, ...fields]))).toBeUndefined();
  });

  test("a plaintext payload, as field 1 of the reference library, is not a payload", () => {
    expect(decodePayload(Uint8Array.of(0x0a, 3, 1, 2, 3))).toBeUndefined();
  });
});

test.each(["libchat", "private1"] as const)("vectors: DoubleRatchet of suite %s on the wire", (suite) => {
  const sent = loadVectors().double_ratchet[suite].steps.filter(({ op }) => op === "send");
  expect(sent.length).toBeGreaterThan(10);
  for (const { header, ciphertext, wire_doubleratchet_pb: wire } of sent) {
    const message = {
      dh: fromHex(header.dh),
      messageNumber: header.msg_num,
      previousChainLength: header.prev_chain_len,
      ciphertext: fromHex(ciphertext),
    };
    const encoded = encodePayload({ kind: "ratchet", message });
    expect(toHex(encoded).endsWith(wire)).toBe(true);
    expect(encoded.length - wire.length / 2).toBeLessThanOrEqual(3);
    expect(decodePayload(encoded)).toEqual({ kind: "ratchet", message });
  }
});

test.each([
  ["ephemeral", { ephemeral: new Uint8Array(31), random: (length: number) => new Uint8Array(length) }],
  ["random", { ephemeral: new Uint8Array(0), random: () => new Uint8Array(11) }],
])("%s of the wrong length cannot be sealed", (name, options) => {
  const keys = deriveConversationKeys(new Uint8Array(32)).initiatorToResponder;
  const message = { dh: new Uint8Array(32), messageNumber: 0, previousChainLength: 0, ciphertext: new Uint8Array(28) };
  expect(() => sealEnvelope({ kind: "ratchet", message }, keys, options)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(name) }),
  );
});
