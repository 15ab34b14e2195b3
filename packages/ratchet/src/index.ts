export { createCrypto } from "#crypto";
export { wipe } from "./bytes.ts";
export type { Crypto, CryptoOptions, Hashes, Kernels, KeyPair, RandomBytes, X25519 } from "./crypto/crypto.ts";
export { createPortableCrypto } from "./crypto/portable.ts";
export { RatchetError, type RatchetErrorCode } from "./errors.ts";
export { blake2b } from "./hash.ts";
export { accountId } from "./identity.ts";
export {
  decapsulate,
  encapsulate,
  generateKemKeyPair,
  isValidKemCiphertext,
  isValidKemPublicKey,
  type KemKeyPair,
  kemKeyPairFromSeed,
} from "./kem.ts";
export type { RatchetLimits } from "./limits.ts";
export {
  agreeHybridAsInitiator,
  agreeHybridAsResponder,
  type HybridInitiatorAgreement,
  type HybridResponderAgreement,
} from "./pqxdh.ts";
export {
  type DecryptOptions,
  type DecryptResult,
  decrypt,
  type EncryptOptions,
  type EncryptResult,
  encrypt,
} from "./ratchet.ts";
export { decodeState, encodeState } from "./snapshot.ts";
export {
  type InitiatorStart,
  type RatchetState,
  type ResponderStart,
  type SkippedKey,
  startAsInitiator,
  startAsResponder,
} from "./state.ts";
export { LIBCHAT, PRIVATE1, type RatchetMessage, type Suite } from "./suite.ts";
export {
  agreeAsInitiator,
  agreeAsResponder,
  deriveSession,
  type InitiatorAgreement,
  type ResponderAgreement,
  type SessionSecrets,
  sessionAssociatedData,
} from "./x3dh.ts";
export { diffieHellman, generateKeyPair, isValidPublicKey, keyPairFromSecret } from "./x25519.ts";
export { signXeddsa, type VerifyOptions, verifyXeddsa } from "./xeddsa.ts";
