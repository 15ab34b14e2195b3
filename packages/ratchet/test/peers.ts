/**
 * Two peers right after the handshake, and the caller's part of each step: the new state, then `consumed` wiped.
 * @module
 */
import {
  agreeAsInitiator,
  agreeAsResponder,
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

export type Peers = { alice: RatchetState; bob: RatchetState };

/** Alice is the initiator, Bob the responder. */
export function meet(random: RandomBytes): Peers {
  const [identity, ephemeral, responder, prekey] = [random, random, random, random].map(generateKeyPair);
  if (!identity || !ephemeral || !responder || !prekey) throw new Error("four keys");
  const associatedData = sessionAssociatedData(identity.publicKey, responder.publicKey);
  const ours = agreeAsInitiator({
    identity,
    ephemeral,
    remoteIdentity: responder.publicKey,
    remotePrekey: prekey.publicKey,
  });
  const theirs = agreeAsResponder({
    identity: responder,
    prekey,
    remoteIdentity: identity.publicKey,
    remoteEphemeral: ephemeral.publicKey,
  });
  const remoteKey = prekey.publicKey;
  return {
    alice: startAsInitiator({ sharedSecret: deriveSession(ours).secret, remoteKey, associatedData, random }),
    bob: startAsResponder({ sharedSecret: deriveSession(theirs).secret, keyPair: prekey, associatedData }),
  };
}

/** Encrypts, replaces the peer's state, and wipes what the old one consumed. */
export function send(peers: Peers, who: keyof Peers, text: string, random: RandomBytes): RatchetMessage {
  const { state, message, consumed } = encrypt(peers[who], new TextEncoder().encode(text), { random });
  peers[who] = state;
  wipe(...consumed);
  return message;
}

/** Decrypts, replaces the peer's state, and wipes what the old one consumed. @returns the text, or undefined */
export function receive(
  peers: Peers,
  who: keyof Peers,
  message: RatchetMessage,
  options: DecryptOptions = { nowMs: NOW_MS },
): string | undefined {
  const result = decrypt(peers[who], message, options);
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
