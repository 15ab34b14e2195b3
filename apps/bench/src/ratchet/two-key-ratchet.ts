/**
 * 2key-ratchet: WebCrypto on the curve P-256.
 * @module
 */
import {
  AsymmetricRatchet,
  Identity,
  type MessageSignedProtocol,
  PreKeyBundleProtocol,
  PreKeyMessageProtocol,
  setEngine,
} from "2key-ratchet";
import { expectSame, type OpenDuo } from "./duo.ts";

export const twoKeyRatchet: OpenDuo = async (plaintext) => {
  setEngine("platform", globalThis.crypto);
  const text = new Uint8Array(plaintext).buffer;
  const [alice, bob] = [await Identity.create(1, 1, 1), await Identity.create(2, 1, 1)];
  const bundle = new PreKeyBundleProtocol();
  await bundle.identity.fill(bob);
  bundle.registrationId = bob.id;
  const [preKey] = bob.signedPreKeys;
  if (preKey === undefined) throw new Error("signed pre-key: want one, got none");
  bundle.preKeySigned.id = 0;
  bundle.preKeySigned.key = preKey.publicKey;
  await bundle.preKeySigned.sign(bob.signingKey.privateKey);

  const hers = await AsymmetricRatchet.create(alice, bundle);
  const first = await hers.encrypt(text);
  if (!(first instanceof PreKeyMessageProtocol))
    throw new Error("first message: want one with a key, got an ordinary one");
  const his = await AsymmetricRatchet.create(bob, first);
  await his.decrypt(first.signedMessage);
  const pass = async (from: AsymmetricRatchet, to: AsymmetricRatchet) => {
    const message = await from.encrypt(text);
    const signed =
      message instanceof PreKeyMessageProtocol ? message.signedMessage : (message as MessageSignedProtocol);
    expectSame(new Uint8Array(await to.decrypt(signed)), plaintext);
  };
  await pass(his, hers);
  return { pass: (turn) => (turn % 2 === 0 ? pass(hers, his) : pass(his, hers)) };
};
