/**
 * The state of one side of a Double Ratchet session, and how each side begins.
 * A state is a value: nothing here or in `ratchet.ts` ever changes one, and a newer state may share arrays with an
 * older one.
 * Spec: "The Double Ratchet Algorithm", revision 1, section 3.3.
 * @module
 */
import { wipe } from "./bytes.ts";
import type { Crypto, RandomBytes } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";
import { RatchetError } from "./errors.ts";
import { PRIVATE1, rootStep, type Suite } from "./suite.ts";
import { checkPublicKey, diffieHellman, generateKeyPair, type KeyPair } from "./x25519.ts";

const SECRET_BYTES = 32;
const MAX_ASSOCIATED_DATA_BYTES = 0xffff;

/** The key of a message that later ones of its chain overtook. */
export type SkippedKey = {
  /** Ratchet key of the chain. */
  readonly dh: Uint8Array;
  readonly messageNumber: number;
  readonly key: Uint8Array;
  /** When it was skipped, in milliseconds since the Unix epoch. */
  readonly skippedAtMs: number;
};

/** Treat as opaque, and as secret from first to last byte. Store it with `encodeState`. */
export type RatchetState = {
  readonly suite: Suite;
  /** Of the session; precedes the header in every message's associated data. */
  readonly associatedData: Uint8Array;
  readonly rootKey: Uint8Array;
  /** Our ratchet key: of the sending chain, or, without one, what the peer last saw. */
  readonly keyPair: KeyPair;
  /** The peer's newest ratchet key. Only a responder that received nothing has none. */
  readonly remoteKey: Uint8Array | undefined;
  /** Gone after the peer's key changed: the next `encrypt` makes a fresh key pair and a new chain. */
  readonly sendingChain: Uint8Array | undefined;
  readonly receivingChain: Uint8Array | undefined;
  /** Messages in the newest sending chain, `Ns`. */
  readonly sentCount: number;
  /** Place of the next message in the receiving chain, `Nr`. */
  readonly receivedCount: number;
  /** Messages in the sending chain before this one, `PN`. */
  readonly previousChainLength: number;
  /** Oldest first. */
  readonly skippedKeys: readonly SkippedKey[];
};

export type InitiatorStart = {
  /** @default PRIVATE1 */
  readonly suite?: Suite;
  /** 32 bytes, `secret` of `deriveSession`; copied, so the caller may wipe it. */
  readonly sharedSecret: Uint8Array;
  /** SPK_r, the responder's first ratchet key. */
  readonly remoteKey: Uint8Array;
  /** At most 65,535 bytes; see `sessionAssociatedData`. */
  readonly associatedData: Uint8Array;
  /** @default the provider's own */
  readonly random?: RandomBytes;
  /** @default the platform's provider */
  readonly crypto?: Crypto;
};

export type ResponderStart = {
  /** @default PRIVATE1 */
  readonly suite?: Suite;
  /** 32 bytes, `secret` of `deriveSession`; copied, so the caller may wipe it. */
  readonly sharedSecret: Uint8Array;
  /** SPK_r, our first ratchet key; copied, because the same invite may serve other sessions. */
  readonly keyPair: KeyPair;
  /** At most 65,535 bytes; see `sessionAssociatedData`. */
  readonly associatedData: Uint8Array;
};

/**
 * The initiator's first state. It can send at once.
 *
 * @throws {@link RatchetError} `INVALID_OPTION`, `INVALID_PUBLIC_KEY`
 */
export function startAsInitiator(start: InitiatorStart): RatchetState {
  const { suite = PRIVATE1, sharedSecret, remoteKey, associatedData, random, crypto = defaultCrypto() } = start;
  checkSecrets(sharedSecret, associatedData);
  checkPublicKey("remoteKey", remoteKey);
  const keyPair = generateKeyPair(random, crypto);
  const step = rootStep(crypto, suite, sharedSecret, diffieHellman(keyPair.secretKey, remoteKey, crypto));
  return {
    suite,
    associatedData: associatedData.slice(),
    rootKey: step.rootKey,
    keyPair,
    remoteKey: remoteKey.slice(),
    sendingChain: step.chain,
    receivingChain: undefined,
    sentCount: 0,
    receivedCount: 0,
    previousChainLength: 0,
    skippedKeys: [],
  };
}

/**
 * The responder's first state. It cannot send before it opened a message.
 *
 * @throws {@link RatchetError} `INVALID_OPTION`
 */
export function startAsResponder(start: ResponderStart): RatchetState {
  const { suite = PRIVATE1, sharedSecret, keyPair, associatedData } = start;
  checkSecrets(sharedSecret, associatedData);
  return {
    suite,
    associatedData: associatedData.slice(),
    rootKey: sharedSecret.slice(),
    keyPair: { publicKey: keyPair.publicKey.slice(), secretKey: keyPair.secretKey.slice() },
    remoteKey: undefined,
    sendingChain: undefined,
    receivingChain: undefined,
    sentCount: 0,
    receivedCount: 0,
    previousChainLength: 0,
    skippedKeys: [],
  };
}

/**
 * Overwrites every secret of a state: of one that nobody else has seen, or of a session that is deleted. Arrays that another
 * state shares are overwritten there as well.
 */
export function wipeState({ rootKey, keyPair, sendingChain, receivingChain, skippedKeys }: RatchetState): void {
  const chains = [sendingChain, receivingChain].filter((chain) => chain !== undefined);
  wipe(rootKey, keyPair.secretKey, ...chains, ...skippedKeys.map(({ key }) => key));
}

function checkSecrets(sharedSecret: Uint8Array, associatedData: Uint8Array): void {
  if (sharedSecret.length !== SECRET_BYTES) {
    throw new RatchetError("INVALID_OPTION", `sharedSecret: want ${SECRET_BYTES} bytes, got ${sharedSecret.length}`);
  }
  if (associatedData.length > MAX_ASSOCIATED_DATA_BYTES) {
    const wanted = `at most ${MAX_ASSOCIATED_DATA_BYTES} bytes`;
    throw new RatchetError("INVALID_OPTION", `associatedData: want ${wanted}, got ${associatedData.length}`);
  }
}
