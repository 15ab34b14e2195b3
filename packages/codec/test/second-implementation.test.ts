import { createCipheriv, createHmac, hkdfSync } from "node:crypto";
import { decrypt, sessionAssociatedData, startAsResponder } from "@chat/ratchet";
import { describe, expect, test } from "@jest/globals";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import {
  deriveConversationKeys,
  deriveInboxKeys,
  type EncryptedPayload,
  encodeInvite,
  mailboxTopic,
  openEnvelope,
  paddedLength,
  parseEnvelope,
  parseInvite,
  safetyNumber,
  sealEnvelope,
} from "../src/index.ts";
import { bytes, ephemerals, payloads } from "./arbitraries.ts";
import * as second from "./second-implementation.ts";
import { loadWireVectors, toHex } from "./vectors.ts";

const noNonce = new Uint8Array(12);

/** `EncryptedPayload`. */
function innerBytes(payload: EncryptedPayload): Uint8Array {
  const { dh, messageNumber, previousChainLength, ciphertext } = payload.message;
  const message = second.ratchetMessage(dh, messageNumber, previousChainLength, ciphertext);
  if (payload.kind === "ratchet") return second.field(2, message);
  const { initiator, ephemeral, kemCiphertext } = payload;
  const fields = [second.field(1, initiator), second.field(2, ephemeral), second.field(3, message)];
  return second.field(3, Buffer.concat(kemCiphertext ? [...fields, second.field(4, kemCiphertext)] : fields));
}

test("both implementations seal to the same bytes and open what the other sealed", () => {
  const property = fc.property(payloads, ephemerals, bytes(32), bytes(12), (payload, ephemeral, sk, nonce) => {
    const ours = deriveConversationKeys(sk);
    for (const [keys, theirs] of [
      [ours.initiatorToResponder, second.conversationKeys(sk, "I->R")],
      [ours.responderToInitiator, second.conversationKeys(sk, "R->I")],
    ] as const) {
      const sealed = sealEnvelope(payload, keys, { ephemeral, random: () => nonce });
      expect(toHex(sealed)).toBe(toHex(second.seal(innerBytes(payload), theirs, nonce, ephemeral)));
      expect(toHex(second.open(sealed, theirs))).toBe(toHex(innerBytes(payload)));
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test("both derive the same keys of first messages, mailboxes and padded lengths", () => {
  const property = fc.property(
    bytes(32),
    bytes(32),
    bytes(32),
    fc.nat({ max: 32 }),
    (oneTimeKey, prekey, shared, bits) => {
      const { sealKey, hintKey } = deriveInboxKeys({ oneTimeKey, prekey, sharedSecret: shared });
      const theirs = second.inboxKeys(shared, oneTimeKey, prekey);
      expect([toHex(sealKey), toHex(hintKey)]).toEqual([toHex(theirs.seal), toHex(theirs.hint)]);
      expect(mailboxTopic(prekey, bits)).toBe(second.mailbox(prekey, bits));
    },
  );
  fc.assert(property, { numRuns: 60 });
  for (let length = 0; length < 200_000; length = Math.ceil(length * 1.01) + 1) {
    expect(paddedLength(length)).toBe(second.paddedSize(4 + length));
  }
});

test("both write the same invites, and the same safety numbers", () => {
  const bundles = fc.record(
    { ik: bytes(32), spk: bytes(32), signature: bytes(64), kem: bytes(1_184) },
    { requiredKeys: ["ik", "spk", "signature"] },
  );
  const trusting = { isValidPublicKey: () => true, verify: () => true, isValidKemPublicKey: () => true };
  const property = fc.property(bundles, ({ ik, spk, signature, kem }) => {
    const bundle = { installationKey: ik, ephemeralKey: spk, signature, ...(kem && { kemKey: kem }) };
    const link = second.invite({ ik, spk, signature, ...(kem && { kem }) });
    expect(encodeInvite(bundle)).toBe(link);
    expect(parseInvite(link, trusting)).toEqual(bundle);
  });
  fc.assert(property, { numRuns: 30 });
  fc.assert(
    fc.property(bytes(32), bytes(32), (a, b) => expect(safetyNumber(a, b)).toEqual(second.safety(b, a))),
    { numRuns: 4 },
  );
});

describe("vectors of the second implementation", () => {
  const { envelopes, session, safety, mailboxes } = loadWireVectors();

  test.each(envelopes)("envelope: $name", ({ sk, direction, nonce, ephemeral, payload, envelope }) => {
    const keys = deriveConversationKeys(Buffer.from(sk, "hex"))[
      direction === "I->R" ? "initiatorToResponder" : "responderToInitiator"
    ];
    const parsed = parseEnvelope(Uint8Array.from(Buffer.from(envelope, "hex")));
    const opened = parsed && openEnvelope(parsed, keys);
    if (!opened || opened.kind === "unsupported") throw new Error("did not open");
    expect(toHex(innerBytes(opened))).toBe(payload);
    const random = () => Uint8Array.from(Buffer.from(nonce, "hex"));
    const ours = sealEnvelope(opened, keys, { ephemeral: Uint8Array.from(Buffer.from(ephemeral, "hex")), random });
    expect(toHex(ours)).toBe(envelope);
  });

  test("a ratchet message of a real session, whose AAD has 104 bytes, opens in @chat/ratchet", () => {
    const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
    const { sk, identityI, identityR, prekeySecret, prekeyPublic, dh, dhSecretShared, nonce, plaintext, aad } = session;
    // KDF_RK, KDF_CK and KDF_MK once more, on node:crypto and noble.
    const [root] = [hkdfBlake2b512(hex(sk), hex(dhSecretShared), "PrivateV1RootKey", 64)];
    const chain = root.subarray(32);
    const personalization = Uint8Array.from(Buffer.from("mk".padEnd(16, "\0")));
    const messageKey = blake2b(new Uint8Array(0), { key: chain, dkLen: 32, salt: new Uint8Array(16), personalization });
    const aeadKey = new Uint8Array(hkdfSync("sha256", messageKey, new Uint8Array(0), "PrivateV1MessageKey", 32));
    const associatedData = Buffer.concat([hex(identityI), hex(identityR), hex(dh), Buffer.alloc(8)]);
    expect([associatedData.length, toHex(associatedData)]).toEqual([104, aad]);
    const cipher = createCipheriv("chacha20-poly1305", aeadKey, hex(nonce), { authTagLength: 16 });
    cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    const ciphertext = Uint8Array.from(Buffer.concat([hex(nonce), sealed]));
    expect(toHex(ciphertext)).toBe(session.ciphertext);

    const state = startAsResponder({
      sharedSecret: hex(sk),
      keyPair: { secretKey: hex(prekeySecret), publicKey: hex(prekeyPublic) },
      associatedData: sessionAssociatedData(hex(identityI), hex(identityR)),
    });
    const message = { dh: hex(dh), messageNumber: 0, previousChainLength: 0, ciphertext };
    const opened = decrypt(state, message, { nowMs: 0 });
    expect(opened.kind === "opened" && Buffer.from(opened.plaintext).toString()).toBe(plaintext);
  });

  test.each(safety)("safety number: $name", ({ a, b, digits, code }) => {
    const [keyA, keyB] = [Uint8Array.from(Buffer.from(a, "hex")), Uint8Array.from(Buffer.from(b, "hex"))];
    expect(safetyNumber(keyA, keyB)).toEqual({ digits, code });
    expect(safetyNumber(keyB, keyA)).toEqual({ digits, code });
  });

  test.each(mailboxes)("mailbox of $bits bits", ({ key, bits, topic }) => {
    expect(mailboxTopic(Uint8Array.from(Buffer.from(key, "hex")), bits)).toBe(topic);
  });
});

test("a nonce belongs to its envelope: the second implementation does not open another's", () => {
  const keys = deriveConversationKeys(new Uint8Array(32)).initiatorToResponder;
  const message = { dh: new Uint8Array(32), messageNumber: 0, previousChainLength: 0, ciphertext: new Uint8Array(28) };
  const sealed = sealEnvelope({ kind: "ratchet", message }, keys, {
    ephemeral: noNonce.slice(0, 0),
    random: () => noNonce,
  });
  expect(() => second.open(sealed, second.conversationKeys(new Uint8Array(32), "R->I"))).toThrow("another hint");
});

/** HKDF of RFC 5869 over HMAC-BLAKE2b-512, for up to 64 bytes. */
function hkdfBlake2b512(salt: Uint8Array, secret: Uint8Array, info: string, length: number): Uint8Array {
  const prk = createHmac("blake2b512", salt).update(secret).digest();
  const block = createHmac("blake2b512", prk).update(info).update(Uint8Array.of(1)).digest();
  return Uint8Array.from(block.subarray(0, length));
}
