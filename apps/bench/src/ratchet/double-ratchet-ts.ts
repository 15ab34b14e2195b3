/**
 * double-ratchet-ts: TypeScript on libsodium in WebAssembly.
 * @module
 */
import { DoubleRatchet } from "double-ratchet-ts";
import { expectSame, type OpenDuo } from "./duo.ts";

const INFO = "bench";
const MAX_SKIP = 1_000;

export const doubleRatchetTs: OpenDuo = async (plaintext) => {
  const sharedSecret = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const bob = await DoubleRatchet.init(INFO, MAX_SKIP, MAX_SKIP, sharedSecret);
  const alice = await DoubleRatchet.init(INFO, MAX_SKIP, MAX_SKIP, sharedSecret, bob.publicKey());
  const pass = async (from: DoubleRatchet, to: DoubleRatchet) =>
    expectSame(await to.decrypt(await from.encrypt(plaintext)), plaintext);
  await pass(alice, bob);
  await pass(bob, alice);
  return { pass: (turn) => (turn % 2 === 0 ? pass(alice, bob) : pass(bob, alice)) };
};
