/**
 * The constants of a Double Ratchet as values, and the derivations that depend on them.
 * Spec: LIP-242, "Double Ratchet Configuration".
 * @module
 */
import { ascii, wipe } from "./bytes.ts";
import type { Crypto } from "./crypto/crypto.ts";
import { personalisation } from "./hash.ts";

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What two implementations of the same ratchet may disagree on. Only the two below exist. */
export type Suite = {
  readonly name: "private1" | "libchat";
  /** HKDF info of KDF_RK. */
  readonly rootInfo: string;
  /** HKDF info of KDF_MK; undefined where the message key is the AEAD key. */
  readonly messageInfo: string | undefined;
  /** Whether the associated data of the session precedes the header in the AEAD's. */
  readonly bindsSession: boolean;
};

/** LIP-242, what @chat sends. */
export const PRIVATE1: Suite = {
  name: "private1",
  rootInfo: "PrivateV1RootKey",
  messageInfo: "PrivateV1MessageKey",
  bindsSession: true,
};

/** The older reference library, kept so that its vectors can be run. */
export const LIBCHAT: Suite = {
  name: "libchat",
  rootInfo: "DoubleRatchetRootKey",
  messageInfo: undefined,
  bindsSession: false,
};

/** Wire form of one message, `DoubleRatchet` of LIP-242 without its protobuf framing. */
export type RatchetMessage = {
  /** The sender's ratchet key, 32 bytes. */
  readonly dh: Uint8Array;
  /** `msg_num`: place in the sender's chain, 0-based. */
  readonly messageNumber: number;
  /** `prev_chain_len`: how many messages the sender's chain before this one had. */
  readonly previousChainLength: number;
  /** nonce (12) || ciphertext || tag (16). */
  readonly ciphertext: Uint8Array;
};

export type MessageHeader = Omit<RatchetMessage, "ciphertext">;

/** Shortest `ciphertext` that can open. */
export const MIN_CIPHERTEXT_BYTES = NONCE_BYTES + TAG_BYTES;

const MESSAGE_KEY = personalisation("mk");
const CHAIN_KEY = personalisation("ck");
const KEY_BYTES = 32;

/** KDF_RK. Wipes `dhOutput`. */
export function rootStep(
  crypto: Crypto,
  suite: Suite,
  rootKey: Uint8Array,
  dhOutput: Uint8Array,
): { rootKey: Uint8Array; chain: Uint8Array } {
  const output = crypto.hkdfBlake2b(rootKey, dhOutput, ascii(suite.rootInfo), 2 * KEY_BYTES);
  const step = { rootKey: output.slice(0, KEY_BYTES), chain: output.slice(KEY_BYTES) };
  wipe(output, dhOutput);
  return step;
}

/** KDF_CK, its first half: the key of the message that `chain` stands at. */
export function messageKey(crypto: Crypto, chain: Uint8Array): Uint8Array {
  return crypto.deriveBlake2b(KEY_BYTES, chain, MESSAGE_KEY);
}

/** KDF_CK, its second half: the chain one message further. */
export function nextChain(crypto: Crypto, chain: Uint8Array): Uint8Array {
  return crypto.deriveBlake2b(KEY_BYTES, chain, CHAIN_KEY);
}

/** Encrypts with a message key. @returns nonce || ciphertext || tag */
export function seal(
  crypto: Crypto,
  suite: Suite,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const aeadKey = aeadKeyOf(crypto, suite, key);
  const sealed = crypto.seal(aeadKey, nonce, plaintext, associatedData);
  wipe(aeadKey);
  return sealed;
}

/** Decrypts with a message key. `ciphertext` has {@link MIN_CIPHERTEXT_BYTES} or more. */
export function open(
  crypto: Crypto,
  suite: Suite,
  key: Uint8Array,
  ciphertext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array | undefined {
  const aeadKey = aeadKeyOf(crypto, suite, key);
  const plaintext = crypto.open(aeadKey, ciphertext, associatedData);
  wipe(aeadKey);
  return plaintext;
}

/** Associated data of one message: the session's || dh || msg_num || prev_chain_len. */
export function messageAssociatedData(suite: Suite, session: Uint8Array, header: MessageHeader): Uint8Array {
  const start = suite.bindsSession ? session.length : 0;
  const bytes = new Uint8Array(start + KEY_BYTES + 8);
  if (suite.bindsSession) bytes.set(session);
  bytes.set(header.dh, start);
  const view = new DataView(bytes.buffer, start + KEY_BYTES);
  view.setUint32(0, header.messageNumber);
  view.setUint32(4, header.previousChainLength);
  return bytes;
}

/** KDF_MK, or a copy of the message key where the suite has none. */
function aeadKeyOf(crypto: Crypto, suite: Suite, key: Uint8Array): Uint8Array {
  return suite.messageInfo === undefined ? key.slice() : crypto.hkdfSha256(key, ascii(suite.messageInfo), KEY_BYTES);
}
