/**
 * Two peers right after the handshake, and the caller's part of each step: the new state, then `consumed` wiped.
 * @module
 */
import {
  agreeAsInitiator,
  agreeAsResponder,
  type Crypto,
  createCrypto,
  type DecryptOptions,
  decrypt,
  deriveSession,
  encodeState,
  encrypt,
  generateKeyPair,
  type RandomBytes,
  type RatchetMessage,
  type RatchetState,
  sessionAssociatedData,
  startAsInitiator,
  startAsResponder,
  wipe,
} from "../src/index.ts";

export const NOW_MS = 1_800_000_000_000;

export type Party = "alice" | "bob";

export type Peers = { alice: RatchetState; bob: RatchetState; readonly crypto: Crypto };

/** Alice is the initiator, Bob the responder. */
export function meet(random: RandomBytes, crypto: Crypto = createCrypto()): Peers {
  const identity = generateKeyPair(random, crypto);
  const ephemeral = generateKeyPair(random, crypto);
  const responder = generateKeyPair(random, crypto);
  const prekey = generateKeyPair(random, crypto);
  const associatedData = sessionAssociatedData(identity.publicKey, responder.publicKey);
  const ours = agreeAsInitiator(
    { identity, ephemeral, remoteIdentity: responder.publicKey, remotePrekey: prekey.publicKey },
    crypto,
  );
  const theirs = agreeAsResponder(
    { identity: responder, prekey, remoteIdentity: identity.publicKey, remoteEphemeral: ephemeral.publicKey },
    crypto,
  );
  const remoteKey = prekey.publicKey;
  const { secret } = deriveSession(ours, crypto);
  return {
    alice: startAsInitiator({ sharedSecret: secret, remoteKey, associatedData, random, crypto }),
    bob: startAsResponder({ sharedSecret: deriveSession(theirs, crypto).secret, keyPair: prekey, associatedData }),
    crypto,
  };
}

/** Encrypts, replaces the peer's state, and wipes what the old one consumed. */
export function send(peers: Peers, who: Party, text: string, random: RandomBytes): RatchetMessage {
  const { state, message, consumed } = encrypt(peers[who], new TextEncoder().encode(text), {
    random,
    crypto: peers.crypto,
  });
  peers[who] = state;
  wipe(...consumed);
  return message;
}

/** Decrypts, replaces the peer's state, and wipes what the old one consumed. @returns the text, or undefined */
export function receive(
  peers: Peers,
  who: Party,
  message: RatchetMessage,
  options: DecryptOptions = { nowMs: NOW_MS },
): string | undefined {
  const result = decrypt(peers[who], message, { crypto: peers.crypto, ...options });
  if (result.kind === "rejected") return undefined;
  peers[who] = result.state;
  wipe(...result.consumed);
  return new TextDecoder().decode(result.plaintext);
}

/** All secrets of a state, in hex. */
export function secretsOf(state: RatchetState): Set<string> {
  const { rootKey, keyPair, sendingChain, receivingChain, skippedKeys } = state;
  const secrets = [rootKey, keyPair.secretKey, sendingChain, receivingChain, ...skippedKeys.map(({ key }) => key)];
  return new Set(secrets.filter((secret) => secret !== undefined).map((secret) => Buffer.from(secret).toString("hex")));
}

/** For comparing states as bytes. */
export function fingerprint(state: RatchetState): string {
  return Buffer.from(encodeState(state)).toString("hex");
}
