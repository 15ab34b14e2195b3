/**
 * The two steps of a Double Ratchet session: `encrypt` and `decrypt`.
 * Pure: a step takes a state and returns a new one. The caller makes the new state durable first, then releases the
 * message or the plaintext, then wipes `consumed`, in that order.
 * As in the reference library, a new sending chain is made by the next `encrypt`, not by the `decrypt` that saw the
 * peer's new key. So receiving needs no random bytes, and a key pair is as fresh as its first message.
 * Spec: "The Double Ratchet Algorithm", revision 1, section 3; LIP-242, "Encryption".
 * @module
 */
import { equalPublic, wipe } from "./bytes.ts";
import type { Crypto, RandomBytes } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";
import { RatchetError } from "./errors.ts";
import { type RatchetLimits, resolveLimits } from "./limits.ts";
import { draw } from "./random.ts";
import type { RatchetState, SkippedKey } from "./state.ts";
import {
  MIN_CIPHERTEXT_BYTES,
  messageAssociatedData,
  messageKey,
  NONCE_BYTES,
  nextChain,
  open,
  type RatchetMessage,
  rootStep,
  seal,
} from "./suite.ts";
import { diffieHellman, generateKeyPair, isValidPublicKey } from "./x25519.ts";

/** Numbers go up to 2^32 - 2, so that the count of a chain still fits its 4 bytes. */
const MAX_CHAIN_LENGTH = 0xffffffff;

export type EncryptResult = {
  readonly state: RatchetState;
  readonly message: RatchetMessage;
  /** Secrets that only the old state still needs: wipe them once `state` is durable. */
  readonly consumed: readonly Uint8Array[];
};

/** `rejected` gives no reason, and there is no new state: the old one stays as it is. */
export type DecryptResult =
  | {
      readonly kind: "opened";
      readonly state: RatchetState;
      readonly plaintext: Uint8Array;
      /** Secrets that only the old state still needs: wipe them once `state` is durable. */
      readonly consumed: readonly Uint8Array[];
    }
  | { readonly kind: "rejected" };

export type EncryptOptions = {
  /** Where a fresh key and the nonce come from. @default the provider's own */
  readonly random?: RandomBytes;
  /** @default the platform's provider */
  readonly crypto?: Crypto;
};

export type DecryptOptions = {
  /** Milliseconds since the Unix epoch; skipped keys age by it. */
  readonly nowMs: number;
  readonly limits?: RatchetLimits;
  /** @default the platform's provider */
  readonly crypto?: Crypto;
};

/** What every part of a decryption needs besides state and message. */
type Context = { readonly crypto: Crypto; readonly nowMs: number; readonly limits: Required<RatchetLimits> };

const REJECTED: DecryptResult = { kind: "rejected" };
const NOTHING_RETAINED = { kept: [], dropped: [] };

/**
 * Encrypts `plaintext` as the next message.
 *
 * @throws {@link RatchetError} `CANNOT_SEND` for a responder that received nothing, `CHAIN_EXHAUSTED`
 */
export function encrypt(
  state: RatchetState,
  plaintext: Uint8Array,
  { random, crypto = defaultCrypto() }: EncryptOptions = {},
): EncryptResult {
  const { sendingChain, consumed, state: sending } = withSendingChain(state, random, crypto);
  if (sending.sentCount >= MAX_CHAIN_LENGTH) {
    throw new RatchetError("CHAIN_EXHAUSTED", "sending chain: every message number is used; want a new session");
  }
  const header = {
    dh: sending.keyPair.publicKey.slice(),
    messageNumber: sending.sentCount,
    previousChainLength: sending.previousChainLength,
  };
  const { suite, associatedData } = sending;
  const key = messageKey(crypto, sendingChain);
  const nonce = draw(random ?? crypto.random, NONCE_BYTES);
  const ciphertext = seal(crypto, suite, key, nonce, plaintext, messageAssociatedData(suite, associatedData, header));
  const next = nextChain(crypto, sendingChain);
  wipe(key);
  // A chain that this call made is in no state, so nobody else can wipe it.
  if (sendingChain !== state.sendingChain) wipe(sendingChain);
  return {
    state: { ...sending, sendingChain: next, sentCount: sending.sentCount + 1 },
    message: { ...header, ciphertext },
    consumed,
  };
}

/**
 * Opens a message of the peer, in whatever order messages arrive, each at most once.
 * A message that does not open costs one key agreement and at most `maxChainAdvance` + `maxSkippedKeys` hashes.
 *
 * @throws {@link RatchetError} `INVALID_OPTION` for bad options, never because of `message`
 */
export function decrypt(state: RatchetState, message: RatchetMessage, options: DecryptOptions): DecryptResult {
  const { nowMs, crypto = defaultCrypto() } = options;
  const context: Context = { crypto, nowMs, limits: resolveLimits(options.limits) };
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
    throw new RatchetError("INVALID_OPTION", `nowMs: want an integer ≥ 0, got ${nowMs}`);
  }
  if (!isWellFormed(message)) return REJECTED;
  const skipped = state.skippedKeys.find(
    ({ dh, messageNumber }) => messageNumber === message.messageNumber && equalPublic(dh, message.dh),
  );
  if (skipped && !isExpired(skipped, context)) return openSkipped(state, message, skipped, context);
  if (state.remoteKey && equalPublic(state.remoteKey, message.dh)) return openOnCurrentChain(state, message, context);
  return openOnNewChain(state, message, context);
}

/** The state itself if it has a sending chain, else with a fresh key pair and chain (the sending half of a DH step). */
function withSendingChain(
  state: RatchetState,
  random: RandomBytes | undefined,
  crypto: Crypto,
): { state: RatchetState; sendingChain: Uint8Array; consumed: readonly Uint8Array[] } {
  if (state.sendingChain) return { state, sendingChain: state.sendingChain, consumed: [state.sendingChain] };
  if (!state.remoteKey) {
    throw new RatchetError("CANNOT_SEND", "encrypt: want a state that opened a message or began as initiator");
  }
  const keyPair = generateKeyPair(random, crypto);
  const agreement = diffieHellman(keyPair.secretKey, state.remoteKey, crypto);
  const step = rootStep(crypto, state.suite, state.rootKey, agreement);
  return {
    state: {
      ...state,
      rootKey: step.rootKey,
      keyPair,
      previousChainLength: state.sentCount,
      sentCount: 0,
    },
    sendingChain: step.chain,
    consumed: [state.rootKey, state.keyPair.secretKey],
  };
}

function openSkipped(
  state: RatchetState,
  message: RatchetMessage,
  skipped: SkippedKey,
  context: Context,
): DecryptResult {
  const plaintext = openWith(state, skipped.key, message, context);
  if (!plaintext) return REJECTED;
  const remaining = state.skippedKeys.filter((key) => key !== skipped);
  const { kept, dropped } = retain(remaining, context);
  return {
    kind: "opened",
    state: { ...state, skippedKeys: kept },
    plaintext,
    consumed: [skipped.key, ...dropped],
  };
}

function openOnCurrentChain(state: RatchetState, message: RatchetMessage, context: Context): DecryptResult {
  const { crypto, limits } = context;
  const { receivingChain, receivedCount } = state;
  const { dh, messageNumber } = message;
  // An initiator has the remote key SPK_r, but no message is ever sent under it.
  if (!receivingChain || messageNumber < receivedCount) return REJECTED;
  if (messageNumber - receivedCount > limits.maxChainAdvance) return REJECTED;

  const walk = walkChain(receivingChain, receivedCount, messageNumber, context);
  const key = messageKey(crypto, walk.chain);
  const plaintext = openWith(state, key, message, context);
  wipe(key);
  if (!plaintext) {
    wipeWalk(walk, receivingChain);
    return REJECTED;
  }
  const next = nextChain(crypto, walk.chain);
  if (walk.chain !== receivingChain) wipe(walk.chain);
  const { kept, dropped } = retain([...state.skippedKeys, ...stamp(walk, dh, context)], context);
  return {
    kind: "opened",
    state: { ...state, receivingChain: next, receivedCount: messageNumber + 1, skippedKeys: kept },
    plaintext,
    consumed: [receivingChain, ...dropped],
  };
}

/** The receiving half of a DH step. The rest of the old chain is walked only after the message opened. */
function openOnNewChain(state: RatchetState, message: RatchetMessage, context: Context): DecryptResult {
  const { crypto, limits } = context;
  const { receivingChain: oldChain, receivedCount: oldCount, remoteKey: oldRemoteKey } = state;
  const { messageNumber, previousChainLength } = message;
  if (messageNumber > limits.maxChainAdvance) return REJECTED;
  // No honest peer sent fewer messages than we received, and no bounded walk ends further away.
  const oldMissing = previousChainLength - oldCount;
  if (oldChain && (oldMissing < 0 || oldMissing > limits.maxChainAdvance)) return REJECTED;

  const dh = message.dh.slice(); // the state will keep it, and the provider what it prepares for this array
  const step = rootStep(crypto, state.suite, state.rootKey, diffieHellman(state.keyPair.secretKey, dh, crypto));
  const walk = walkChain(step.chain, 0, messageNumber, context);
  const key = messageKey(crypto, walk.chain);
  const plaintext = openWith(state, key, message, context);
  wipe(key);
  if (!plaintext) {
    wipeWalk(walk, step.chain);
    wipe(step.chain, step.rootKey);
    return REJECTED;
  }
  const next = nextChain(crypto, walk.chain);
  wipe(walk.chain, step.chain);

  const skippedKeys = [...state.skippedKeys];
  if (oldChain && oldRemoteKey) {
    const oldWalk = walkChain(oldChain, oldCount, previousChainLength, context);
    if (oldWalk.chain !== oldChain) wipe(oldWalk.chain);
    skippedKeys.push(...stamp(oldWalk, oldRemoteKey, context));
  }
  skippedKeys.push(...stamp(walk, dh, context));
  const { kept, dropped } = retain(skippedKeys, context);
  const spent = [state.rootKey, state.sendingChain, oldChain].filter((secret) => secret !== undefined);
  return {
    kind: "opened",
    state: {
      ...state,
      rootKey: step.rootKey,
      remoteKey: dh,
      sendingChain: undefined,
      receivingChain: next,
      receivedCount: messageNumber + 1,
      skippedKeys: kept,
    },
    plaintext,
    consumed: [...spent, ...dropped],
  };
}

function openWith(
  state: RatchetState,
  key: Uint8Array,
  message: RatchetMessage,
  { crypto }: Context,
): Uint8Array | undefined {
  const associatedData = messageAssociatedData(state.suite, state.associatedData, message);
  return open(crypto, state.suite, key, message.ciphertext, associatedData);
}

type Walk = {
  /** The chain at message `to`. */
  readonly chain: Uint8Array;
  readonly skipped: readonly { readonly messageNumber: number; readonly key: Uint8Array }[];
};

/** Walks from message `from` to message `to`. Only the newest passed keys are made, as many as a state may keep. */
function walkChain(start: Uint8Array, from: number, to: number, { crypto, limits }: Context): Walk {
  const skipped: { messageNumber: number; key: Uint8Array }[] = [];
  let chain = start;
  for (let messageNumber = from; messageNumber < to; messageNumber += 1) {
    if (to - messageNumber <= limits.maxSkippedKeys) skipped.push({ messageNumber, key: messageKey(crypto, chain) });
    const next = nextChain(crypto, chain);
    if (chain !== start) wipe(chain);
    chain = next;
  }
  return { chain, skipped };
}

function wipeWalk(walk: Walk, start: Uint8Array): void {
  if (walk.chain !== start) wipe(walk.chain);
  wipe(...walk.skipped.map(({ key }) => key));
}

function stamp(walk: Walk, dh: Uint8Array, { nowMs }: Context): SkippedKey[] {
  return walk.skipped.map(({ messageNumber, key }) => ({ dh, messageNumber, key, skippedAtMs: nowMs }));
}

/** Splits keys, oldest first, into those that stay and those that are too old or too many. */
function retain(
  keys: readonly SkippedKey[],
  context: Context,
): { kept: readonly SkippedKey[]; dropped: readonly Uint8Array[] } {
  if (keys.length === 0) return NOTHING_RETAINED;
  const live = keys.filter((key) => !isExpired(key, context));
  const kept = live.slice(Math.max(0, live.length - context.limits.maxSkippedKeys));
  const keptKeys = new Set(kept);
  return { kept, dropped: keys.filter((key) => !keptKeys.has(key)).map(({ key }) => key) };
}

function isExpired(key: SkippedKey, { nowMs, limits }: Context): boolean {
  return nowMs - key.skippedAtMs > limits.skippedKeyLifetimeMs;
}

/** Lengths and ranges only, so that nothing is computed for a header that cannot be right. */
function isWellFormed({ dh, messageNumber, previousChainLength, ciphertext }: RatchetMessage): boolean {
  return (
    isCount(messageNumber) &&
    messageNumber < MAX_CHAIN_LENGTH &&
    isCount(previousChainLength) &&
    ciphertext.length >= MIN_CIPHERTEXT_BYTES &&
    isValidPublicKey(dh)
  );
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}
