import { describe, expect, test } from "@jest/globals";
import {
  agreeAsInitiator,
  agreeAsResponder,
  deriveSession,
  generateKeyPair,
  keyPairFromSecret,
  sessionAssociatedData,
} from "../src/index.ts";
import { createRandom } from "./random.ts";
import { fromHex, loadVectors, toHex } from "./vectors.ts";

describe.each(loadVectors().x3dh)("vector $label", (vector) => {
  const identity = keyPairFromSecret(fromHex(vector.initiator_identity));
  const ephemeral = keyPairFromSecret(fromHex(vector.initiator_ephemeral));
  const responder = keyPairFromSecret(fromHex(vector.responder_identity));
  const prekey = keyPairFromSecret(fromHex(vector.responder_signed_prekey));
  const oneTime = vector.responder_onetime === null ? undefined : keyPairFromSecret(fromHex(vector.responder_onetime));

  const initiatorSecret = agreeAsInitiator({
    identity,
    ephemeral,
    remoteIdentity: responder.publicKey,
    remotePrekey: prekey.publicKey,
    ...(oneTime && { remoteOneTimePrekey: oneTime.publicKey }),
  });

  test("both sides get the shared secret", () => {
    const responderSecret = agreeAsResponder({
      identity: responder,
      prekey,
      ...(oneTime && { oneTimePrekey: oneTime }),
      remoteIdentity: identity.publicKey,
      remoteEphemeral: ephemeral.publicKey,
    });
    expect(toHex(initiatorSecret)).toBe(vector.shared_secret);
    expect(toHex(responderSecret)).toBe(vector.shared_secret);
  });

  test("a session follows from it", () => {
    const { secret, base, initiatorConversationId, responderConversationId } = deriveSession(initiatorSecret);
    expect([toHex(secret), toHex(base)]).toEqual([vector.inbox_seed_key, vector.convo_base]);
    expect(initiatorConversationId).toBe(vector.convo_id_initiator);
    expect(responderConversationId).toBe(vector.convo_id_responder);
  });
});

test("another identity on either side gives another secret", () => {
  const random = createRandom(1);
  const [identity, ephemeral, responder, prekey, mallory] = Array.from({ length: 5 }, () => generateKeyPair(random));
  if (!identity || !ephemeral || !responder || !prekey || !mallory) throw new Error("five keys");
  const remotePrekey = prekey.publicKey;
  const wanted = agreeAsInitiator({ identity, ephemeral, remoteIdentity: responder.publicKey, remotePrekey });
  const asMallory = agreeAsInitiator({
    identity: mallory,
    ephemeral,
    remoteIdentity: responder.publicKey,
    remotePrekey,
  });
  const toMallory = agreeAsInitiator({ identity, ephemeral, remoteIdentity: mallory.publicKey, remotePrekey });
  expect(new Set([wanted, asMallory, toMallory].map(toHex)).size).toBe(3);
});

test("keys that are not canonical are refused before anything is computed", () => {
  const random = createRandom(2);
  const [identity, ephemeral] = [generateKeyPair(random), generateKeyPair(random)];
  const remoteIdentity = new Uint8Array(32);
  const refused = expect.objectContaining({ code: "INVALID_PUBLIC_KEY" });
  expect(() => agreeAsInitiator({ identity, ephemeral, remoteIdentity, remotePrekey: identity.publicKey })).toThrow(
    refused,
  );
  expect(() =>
    agreeAsResponder({ identity, prekey: ephemeral, remoteIdentity, remoteEphemeral: identity.publicKey }),
  ).toThrow(refused);
  expect(() => sessionAssociatedData(identity.publicKey, remoteIdentity)).toThrow(refused);
});

test("a shared secret of another length is refused", () => {
  expect(() => deriveSession(new Uint8Array(31))).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
