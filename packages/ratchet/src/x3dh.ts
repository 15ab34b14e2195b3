/**
 * The handshake: X3DH without a server, and everything both sides derive from it.
 * Spec: "The X3DH Key Agreement Protocol", revision 1; protocol.md, "Handshake".
 * @module
 */
import { ascii, concat, hex, wipe } from "./bytes.ts";
import type { Crypto } from "./crypto/crypto.ts";
import { RatchetError } from "./errors.ts";
import { blake2b, blake2bDerive, hkdfSha256 } from "./hash.ts";
import { checkPublicKey, diffieHellman, type KeyPair } from "./x25519.ts";

const AGREEMENT_INFO = "logos_chat_inbox";
const SECRET_BYTES = 32;
const CONVERSATION_BYTES = 18;

/** What the initiator knows: its own key pairs IK_i and EK_i, and the public keys IK_r and SPK_r of an invite. */
export type InitiatorAgreement = {
  readonly identity: KeyPair;
  readonly ephemeral: KeyPair;
  readonly remoteIdentity: Uint8Array;
  readonly remotePrekey: Uint8Array;
  /** Adds a fourth agreement. Invites of @chat carry none; the specification allows it. */
  readonly remoteOneTimePrekey?: Uint8Array;
};

/** What the responder knows: its own key pairs IK_r and SPK_r, and IK_i and EK_i from the first message. */
export type ResponderAgreement = {
  readonly identity: KeyPair;
  readonly prekey: KeyPair;
  readonly oneTimePrekey?: KeyPair;
  readonly remoteIdentity: Uint8Array;
  readonly remoteEphemeral: Uint8Array;
};

/**
 * The shared secret, as the initiator computes it.
 *
 * @returns 32 bytes for {@link deriveSession}; the caller wipes them
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`, `INVALID_SECRET_KEY`
 */
export function agreeAsInitiator(keys: InitiatorAgreement, crypto?: Crypto): Uint8Array {
  return combine(initiatorAgreements(keys, crypto), crypto);
}

/**
 * The shared secret, as the responder computes it. Equal to the initiator's only if both used each other's keys, which
 * shows when the first message opens.
 *
 * @returns 32 bytes for {@link deriveSession}; the caller wipes them
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`, `INVALID_SECRET_KEY`
 */
export function agreeAsResponder(keys: ResponderAgreement, crypto?: Crypto): Uint8Array {
  return combine(responderAgreements(keys, crypto), crypto);
}

/** Everything that follows from a shared secret. `secret` is the caller's to wipe. */
export type SessionSecrets = {
  /** `sk`, 32 bytes: the first root key of the ratchet, and the input of the envelope keys. */
  readonly secret: Uint8Array;
  /** 18 bytes, equal on both sides and unique to the session. Not secret, but never sent. */
  readonly base: Uint8Array;
  /** Local conversation ids, 36 hex digits each. */
  readonly initiatorConversationId: string;
  readonly responderConversationId: string;
};

/**
 * Derives a session from the result of {@link agreeAsInitiator} or {@link agreeAsResponder}.
 *
 * @throws {@link RatchetError} `INVALID_OPTION` unless `shared` has 32 bytes
 */
export function deriveSession(shared: Uint8Array, crypto?: Crypto): SessionSecrets {
  if (shared.length !== SECRET_BYTES) {
    throw new RatchetError("INVALID_OPTION", `shared: want ${SECRET_BYTES} bytes, got ${shared.length}`);
  }
  const secret = blake2bDerive(shared, "InboxV1-Seed", SECRET_BYTES, crypto);
  const base = blake2bDerive(secret, "L-PV1-CID", CONVERSATION_BYTES, crypto);
  const conversationId = (role: "I" | "R") => hex(blake2b(CONVERSATION_BYTES, base, ascii(role)));
  return {
    secret,
    base,
    initiatorConversationId: conversationId("I"),
    responderConversationId: conversationId("R"),
  };
}

/**
 * Associated data of a session, IK_i || IK_r: binds every message to both installations.
 *
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`
 */
export function sessionAssociatedData(initiatorIdentity: Uint8Array, responderIdentity: Uint8Array): Uint8Array {
  checkPublicKey("initiatorIdentity", initiatorIdentity);
  checkPublicKey("responderIdentity", responderIdentity);
  return concat(initiatorIdentity, responderIdentity);
}

/** DH1 to DH3, and DH4 with a one-time prekey; the hybrid handshake adds to them. The caller wipes them. */
export function initiatorAgreements(keys: InitiatorAgreement, crypto?: Crypto): Uint8Array[] {
  const { identity, ephemeral, remoteIdentity, remotePrekey, remoteOneTimePrekey } = keys;
  return [
    diffieHellman(identity.secretKey, remotePrekey, crypto),
    diffieHellman(ephemeral.secretKey, remoteIdentity, crypto),
    diffieHellman(ephemeral.secretKey, remotePrekey, crypto),
    ...(remoteOneTimePrekey ? [diffieHellman(ephemeral.secretKey, remoteOneTimePrekey, crypto)] : []),
  ];
}

/** As {@link initiatorAgreements}, from the responder's keys. */
export function responderAgreements(keys: ResponderAgreement, crypto?: Crypto): Uint8Array[] {
  const { identity, prekey, oneTimePrekey, remoteIdentity, remoteEphemeral } = keys;
  return [
    diffieHellman(prekey.secretKey, remoteIdentity, crypto),
    diffieHellman(identity.secretKey, remoteEphemeral, crypto),
    diffieHellman(prekey.secretKey, remoteEphemeral, crypto),
    ...(oneTimePrekey ? [diffieHellman(oneTimePrekey.secretKey, remoteEphemeral, crypto)] : []),
  ];
}

function combine(agreements: readonly Uint8Array[], crypto?: Crypto): Uint8Array {
  const keyMaterial = concat(...agreements);
  const shared = hkdfSha256(keyMaterial, AGREEMENT_INFO, SECRET_BYTES, crypto);
  wipe(keyMaterial, ...agreements);
  return shared;
}
