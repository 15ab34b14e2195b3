import { expect, test } from "@jest/globals";
import {
  deriveConversationKeys,
  HYBRID_OVERHEAD_BYTES,
  openEnvelope,
  paddedLength,
  parseEnvelope,
  sealEnvelope,
  unsupportedVersion,
} from "../src/index.ts";
import { encodePayload } from "../src/payload.ts";
import { conversationKeys, field, seal } from "./second-implementation.ts";

const sk = new Uint8Array(32).fill(5);
const keys = deriveConversationKeys(sk).initiatorToResponder;
const nonce = new Uint8Array(12).fill(6);
const random = () => nonce;
const none = new Uint8Array(0);
const message = { dh: new Uint8Array(32), messageNumber: 1, previousChainLength: 1, ciphertext: new Uint8Array(60) };
const handshake = { kind: "handshake", initiator: new Uint8Array(32), ephemeral: new Uint8Array(32), message } as const;
const hybrid = { ...handshake, kemCiphertext: new Uint8Array(1_088) };

test("an envelope of another version is counted by its number, and is otherwise nothing", () => {
  const envelope = sealEnvelope({ kind: "ratchet", message }, keys, { ephemeral: none, random });
  expect(unsupportedVersion(envelope)).toBeUndefined();
  const newer = Uint8Array.of(8, 2, ...envelope.subarray(2));
  expect([parseEnvelope(newer), unsupportedVersion(newer)]).toEqual([undefined, 2]);
  expect(unsupportedVersion(Uint8Array.of(1, 2, 3))).toBeUndefined();
});

test("a genuine payload of an unknown member is unsupported, with its bytes and the member", () => {
  const inner = Uint8Array.from(field(9, Uint8Array.of(1, 2, 3)));
  const envelope = parseEnvelope(seal(inner, conversationKeys(sk, "I->R"), nonce, none));
  expect(envelope && openEnvelope(envelope, keys)).toEqual({ kind: "unsupported", member: 9, bytes: inner });
});

test("a hybrid first message takes 1,091 bytes more, and the class of 1,536 bytes", () => {
  expect(encodePayload(hybrid).length - encodePayload(handshake).length).toBe(HYBRID_OVERHEAD_BYTES);
  expect(paddedLength(encodePayload(hybrid).length)).toBe(1_536);
});

test("a short message can be padded to the length of a hybrid first message", () => {
  const ephemeral = new Uint8Array(32).fill(1);
  const first = sealEnvelope(hybrid, keys, { ephemeral, random });
  const short = sealEnvelope({ kind: "ratchet", message }, keys, { ephemeral, random, atLeastBytes: 1_300 });
  expect(short).toHaveLength(first.length);
  const envelope = parseEnvelope(short);
  expect(envelope && openEnvelope(envelope, keys)).toEqual({ kind: "ratchet", message });
  for (const atLeastBytes of [-1, 0.5, 2 ** 21]) {
    expect(() => sealEnvelope(hybrid, keys, { ephemeral, random, atLeastBytes })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  }
});

test("a KEM ciphertext of another length is neither sealed nor opened", () => {
  const short = { ...handshake, kemCiphertext: new Uint8Array(1_087) };
  expect(() => encodePayload(short)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
