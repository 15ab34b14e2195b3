/**
 * The constants of a Double Ratchet as values, and the derivations that depend on them.
 * Spec: LIP-242, "Double Ratchet Configuration".
 * @module
 */
import { ChaCha20Poly1305 } from "@stablelib/chacha20poly1305";
import { concat, uint32, wipe } from "./bytes.ts";
import { blake2bDerive, hkdfBlake2b, hkdfSha256 } from "./hash.ts";

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

/** KDF_RK. Wipes `dhOutput`. */
export function rootStep(
  suite: Suite,
  rootKey: Uint8Array,
  dhOutput: Uint8Array,
): { rootKey: Uint8Array; chain: Uint8Array } {
  const output = hkdfBlake2b(rootKey, dhOutput, suite.rootInfo, 64);
  const step = { rootKey: output.slice(0, 32), chain: output.slice(32) };
  wipe(output, dhOutput);
  return step;
}

/** KDF_CK, its first half: the key of the message that `chain` stands at. */
export function messageKey(chain: Uint8Array): Uint8Array {
  return blake2bDerive(chain, "mk", 32);
}

/** KDF_CK, its second half: the chain one message further. */
export function nextChain(chain: Uint8Array): Uint8Array {
  return blake2bDerive(chain, "ck", 32);
}

/** Encrypts with a message key. @returns nonce || ciphertext || tag */
export function seal(
  suite: Suite,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const aead = createAead(suite, key);
  const sealed = aead.seal(nonce, plaintext, associatedData);
  aead.clean();
  return concat(nonce, sealed);
}

/** Decrypts with a message key. `ciphertext` has {@link MIN_CIPHERTEXT_BYTES} or more. */
export function open(
  suite: Suite,
  key: Uint8Array,
  ciphertext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array | undefined {
  const aead = createAead(suite, key);
  const nonce = ciphertext.subarray(0, NONCE_BYTES);
  const plaintext = aead.open(nonce, ciphertext.subarray(NONCE_BYTES), associatedData);
  aead.clean();
  return plaintext ?? undefined;
}

/** Associated data of one message: the session's || dh || msg_num || prev_chain_len. */
export function messageAssociatedData(suite: Suite, session: Uint8Array, header: MessageHeader): Uint8Array {
  const parts = [header.dh, uint32(header.messageNumber), uint32(header.previousChainLength)];
  return suite.bindsSession ? concat(session, ...parts) : concat(...parts);
}

function createAead(suite: Suite, key: Uint8Array): ChaCha20Poly1305 {
  if (suite.messageInfo === undefined) return new ChaCha20Poly1305(key);
  const aeadKey = hkdfSha256(key, suite.messageInfo, 32);
  const aead = new ChaCha20Poly1305(aeadKey); // copies
  wipe(aeadKey);
  return aead;
}
