/**
 * The keys that seal and find envelopes, for conversations and for first messages.
 * Spec: protocol.md, "Envelope: what observers see".
 * @module
 */
import { HKDF } from "@stablelib/hkdf";
import { SHA256 } from "@stablelib/sha256";
import { ascii, concat } from "./bytes.ts";

/** 32 bytes each, both secret. */
export type EnvelopeKeys = {
  /** Of the AEAD. The specification calls it `env_key`. */
  readonly sealKey: Uint8Array;
  /** Of the hint. */
  readonly hintKey: Uint8Array;
};

/**
 * Both directions of a session.
 *
 * @param sessionSecret - `sk` of the handshake, 32 bytes; the caller wipes it
 */
export function deriveConversationKeys(sessionSecret: Uint8Array): {
  readonly initiatorToResponder: EnvelopeKeys;
  readonly responderToInitiator: EnvelopeKeys;
} {
  const noSalt = new Uint8Array(0);
  return {
    initiatorToResponder: deriveKeys(sessionSecret, noSalt, "chat/v1 envelopeI->R"),
    responderToInitiator: deriveKeys(sessionSecret, noSalt, "chat/v1 envelopeR->I"),
  };
}

/** What initiator and responder of one first message have in common. */
export type InboxAgreement = {
  /** OE, public: `ephemeral` of the envelope. */
  readonly oneTimeKey: Uint8Array;
  /** SPK_r, public: the invite's key. */
  readonly prekey: Uint8Array;
  /** DH(OE, SPK_r), 32 bytes; the caller wipes it. */
  readonly sharedSecret: Uint8Array;
};

/** The keys of one first message. The caller wipes them after use. */
export function deriveInboxKeys({ oneTimeKey, prekey, sharedSecret }: InboxAgreement): EnvelopeKeys {
  return deriveKeys(sharedSecret, concat(oneTimeKey, prekey), "chat/v1 inbox");
}

function deriveKeys(secret: Uint8Array, salt: Uint8Array, info: string): EnvelopeKeys {
  const hkdf = new HKDF(SHA256, secret, salt, ascii(info));
  const keys = { sealKey: hkdf.expand(32), hintKey: hkdf.expand(32) };
  hkdf.clean();
  return keys;
}
