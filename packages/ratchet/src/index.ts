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
export type { Progress } from "./sessions/behind.ts";
export {
  type AcceptFirstMessageResult,
  abandonFirstMessage,
  acceptFirstMessage,
  type DeriveKeys,
  type FirstMessage,
  type FirstMessageDiscard,
  type NewSession,
  type OpenFirstMessageResult,
  openFirstMessage,
  type PendingSession,
} from "./sessions/first-message.ts";
export { type GenerationVerdict, judgeGeneration } from "./sessions/generation.ts";
export { decodeOwnInvite, encodeOwnInvite } from "./sessions/invite-snapshot.ts";
export {
  type AcceptedHandshake,
  type CreateInviteResult,
  createInvite,
  handshakeIdOf,
  type InviteOptions,
  type InvitesChange,
  isLiveInvite,
  noteHandshake,
  type OwnInvite,
  type OwnInvites,
  revokeInvite,
  tendInvites,
} from "./sessions/own-invites.ts";
export {
  addSession,
  breakAllSessions,
  breakSession,
  noteOpened,
  noteUnopened,
  type OfferedRenewal,
  openPeer,
  type Peer,
  type PeerSession,
  preferSession,
  type SessionsChange,
  sessionForSending,
  sessionsForReceiving,
  tendSessions,
} from "./sessions/peer-sessions.ts";
export { decodePeer, encodePeer } from "./sessions/peer-snapshot.ts";
export {
  type OfferRenewalResult,
  offerRenewal,
  type ReceiveRenewalResult,
  type RenewResult,
  receiveRenewal,
  renew,
} from "./sessions/renewal.ts";
export type { SessionLimits } from "./sessions/session-limits.ts";
export {
  type OutgoingHandshake,
  type RemoteInvite,
  type StartedSession,
  type StartOptions,
  startSession,
} from "./sessions/start-session.ts";
export { decodeState, encodeState } from "./snapshot.ts";
export {
  type InitiatorStart,
  type RatchetState,
  type ResponderStart,
  type SkippedKey,
  startAsInitiator,
  startAsResponder,
  wipeState,
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
