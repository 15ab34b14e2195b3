/**
 * Our side: a session of @chat/ratchet, with spent keys wiped after each step.
 * @module
 */
import {
  agreeAsInitiator,
  agreeAsResponder,
  type Crypto,
  decrypt,
  deriveSession,
  encrypt,
  generateKeyPair,
  type RatchetState,
  sessionAssociatedData,
  signXeddsa,
  startAsInitiator,
  startAsResponder,
  verifyXeddsa,
  wipe,
} from "@chat/ratchet";
import { type Duo, expectSame, type OpenDuo } from "./duo.ts";

const NOW_MS = 1_800_000_000_000;

export function ours(crypto: Crypto): OpenDuo {
  return async (plaintext) => {
    let [alice, bob] = meet(crypto);
    const pass = (sender: RatchetState, receiver: RatchetState): [RatchetState, RatchetState] => {
      const sent = encrypt(sender, plaintext, { crypto });
      wipe(...sent.consumed);
      const received = decrypt(receiver, sent.message, { nowMs: NOW_MS, crypto });
      if (received.kind === "rejected") throw new Error("decrypt: want a plaintext, got a rejection");
      wipe(...received.consumed);
      expectSame(received.plaintext, plaintext);
      return [sent.state, received.state];
    };
    return {
      pass(turn) {
        if (turn % 2 === 0) [alice, bob] = pass(alice, bob);
        else [bob, alice] = pass(bob, alice);
      },
    } satisfies Duo;
  };
}

/** From an invite to the first decrypted message. @returns milliseconds */
export function openHandshake(crypto: Crypto): () => number {
  const plaintext = crypto.random(100);
  return () => {
    const responder = generateKeyPair(undefined, crypto);
    const prekey = generateKeyPair(undefined, crypto);
    const identity = generateKeyPair(undefined, crypto);
    const signature = signXeddsa(responder.secretKey, prekey.publicKey);

    const startedAtMs = performance.now();
    if (!verifyXeddsa(responder.publicKey, prekey.publicKey, signature, { crypto })) throw new Error("signature");
    const ephemeral = generateKeyPair(undefined, crypto);
    const initiatorKeys = { identity, ephemeral, remoteIdentity: responder.publicKey, remotePrekey: prekey.publicKey };
    const initiator = deriveSession(agreeAsInitiator(initiatorKeys, crypto), crypto);
    const associatedData = sessionAssociatedData(identity.publicKey, responder.publicKey);
    const alice = startAsInitiator({
      sharedSecret: initiator.secret,
      remoteKey: prekey.publicKey,
      associatedData,
      crypto,
    });
    const { message } = encrypt(alice, plaintext, { crypto });

    const remoteIdentity = identity.publicKey.slice(); // as they come from the wire
    const remoteEphemeral = ephemeral.publicKey.slice();
    const responderKeys = { identity: responder, prekey, remoteIdentity, remoteEphemeral };
    const { secret } = deriveSession(agreeAsResponder(responderKeys, crypto), crypto);
    const bob = startAsResponder({ sharedSecret: secret, keyPair: prekey, associatedData });
    const result = decrypt(bob, message, { nowMs: NOW_MS, crypto });
    const elapsedMs = performance.now() - startedAtMs;
    if (result.kind === "rejected") throw new Error("decrypt: want a plaintext, got a rejection");
    return elapsedMs;
  };
}

function meet(crypto: Crypto): [RatchetState, RatchetState] {
  const [identity, responder, prekey] = [1, 2, 3].map(() => generateKeyPair(undefined, crypto));
  if (!identity || !responder || !prekey) throw new Error("three keys");
  const start = {
    sharedSecret: crypto.random(32),
    associatedData: sessionAssociatedData(identity.publicKey, responder.publicKey),
  };
  return [
    startAsInitiator({ ...start, remoteKey: prekey.publicKey, crypto }),
    startAsResponder({ ...start, keyPair: prekey }),
  ];
}
