/**
 * The hybrid handshake: X3DH and ML-KEM-768 in one secret, so that it holds as long as either does.
 * `km = 0xff * 32 || X3DH agreements || KEM secret`, and `shared = HKDF-SHA256(salt = none, ikm = km, info, 32)` with
 * `info = "logos_chat_inbox_2_ML-KEM-768" || SPK_r || KEM key || KEM ciphertext`, all of fixed length. The label keeps
 * classical and hybrid secrets apart; the keys in it keep a ciphertext from meaning the same under any other invite.
 * Spec: Signal's "The PQXDH Key Agreement Protocol", revision 3, sections 2.2 and 3.3, with the invite's key in place of
 * a prekey bundle.
 * @module
 */
import { ascii, concat, wipe } from "./bytes.ts";
import type { Crypto, RandomBytes } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";
import { decapsulate, encapsulate, type KemKeyPair } from "./kem.ts";
import { type InitiatorAgreement, initiatorAgreements, type ResponderAgreement, responderAgreements } from "./x3dh.ts";

const HYBRID_INFO = "logos_chat_inbox_2_ML-KEM-768";
const SECRET_BYTES = 32;
/** `F` of the specification: no encoded X25519 key is all ones. */
const PREFIX = new Uint8Array(32).fill(0xff);

export type HybridInitiatorAgreement = InitiatorAgreement & {
  /** The invite's ML-KEM-768 key, 1,184 bytes. */
  readonly remoteKemKey: Uint8Array;
};

export type HybridResponderAgreement = ResponderAgreement & {
  readonly kem: KemKeyPair;
  /** From the first message, 1,088 bytes. */
  readonly kemCiphertext: Uint8Array;
};

/**
 * The shared secret of a hybrid invite, as the initiator computes it.
 *
 * @returns `shared`, 32 bytes for `deriveSession`, the caller's to wipe; `kemCiphertext`, 1,088 bytes for every first
 * message of the session
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`, `INVALID_SECRET_KEY`
 */
export function agreeHybridAsInitiator(
  keys: HybridInitiatorAgreement,
  { random, crypto = defaultCrypto() }: { readonly random: RandomBytes; readonly crypto?: Crypto },
): { readonly shared: Uint8Array; readonly kemCiphertext: Uint8Array } {
  const { ciphertext, secret } = encapsulate(keys.remoteKemKey, random);
  const transcript = [keys.remotePrekey, keys.remoteKemKey, ciphertext];
  return { shared: combine(initiatorAgreements(keys, crypto), secret, transcript, crypto), kemCiphertext: ciphertext };
}

/**
 * The shared secret of a hybrid invite, as the responder computes it. Another ciphertext than the initiator's gives
 * another secret, which shows when the first message does not open.
 *
 * @returns 32 bytes for `deriveSession`; the caller wipes them
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`, `INVALID_SECRET_KEY`, `INVALID_OPTION` for a ciphertext of another
 * length
 */
export function agreeHybridAsResponder(keys: HybridResponderAgreement, crypto: Crypto = defaultCrypto()): Uint8Array {
  const { prekey, kem, kemCiphertext } = keys;
  const secret = decapsulate(kem.seed, kemCiphertext);
  const transcript = [prekey.publicKey, kem.publicKey, kemCiphertext];
  return combine(responderAgreements(keys, crypto), secret, transcript, crypto);
}

function combine(
  agreements: readonly Uint8Array[],
  kemSecret: Uint8Array,
  transcript: readonly Uint8Array[],
  crypto: Crypto,
): Uint8Array {
  const keyMaterial = concat(PREFIX, ...agreements, kemSecret);
  const shared = crypto.hkdfSha256(keyMaterial, concat(ascii(HYBRID_INFO), ...transcript), SECRET_BYTES);
  wipe(keyMaterial, kemSecret, ...agreements);
  return shared;
}
