/**
 * One binary form of a ratchet state, for the secrets database. It is never sent, and not encrypted here.
 *
 * Version 1, integers big-endian: version (1), suite (1), flags (1: remote key, sending chain, receiving chain from
 * bit 0), length of associated data (2), associated data, root key (32), own public key (32), own secret key (32),
 * then as the flags say remote key, sending chain, receiving chain (32 each), sent, received, previous (4 each),
 * number of skipped keys (4) and for each dh (32), message number (4), key (32), skipped at (8).
 * @module
 */
import { concat, uint32, wipe } from "./bytes.ts";
import { createReader, invalid, uint64 } from "./snapshot-fields.ts";
import type { RatchetState, SkippedKey } from "./state.ts";
import { LIBCHAT, PRIVATE1, type Suite } from "./suite.ts";
import { KEY_BYTES } from "./x25519.ts";

const VERSION = 1;
/** By their number in the snapshot; numbers are never reused. */
const SUITES: ReadonlyMap<number, Suite> = new Map([
  [1, PRIVATE1],
  [2, LIBCHAT],
]);
const HAS_REMOTE_KEY = 1;
const HAS_SENDING_CHAIN = 2;
const HAS_RECEIVING_CHAIN = 4;
const SKIPPED_KEY_BYTES = 76;

/** A snapshot of `state`: as secret as the state itself. */
export function encodeState(state: RatchetState): Uint8Array {
  const { associatedData, keyPair, remoteKey, sendingChain, receivingChain, skippedKeys } = state;
  const flags =
    (remoteKey ? HAS_REMOTE_KEY : 0) |
    (sendingChain ? HAS_SENDING_CHAIN : 0) |
    (receivingChain ? HAS_RECEIVING_CHAIN : 0);
  const head = Uint8Array.of(VERSION, suiteNumber(state.suite), flags, 0, 0);
  new DataView(head.buffer).setUint16(3, associatedData.length);
  const skipped = skippedKeys.map(encodeSkippedKey);
  const snapshot = concat(
    head,
    associatedData,
    state.rootKey,
    keyPair.publicKey,
    keyPair.secretKey,
    ...[remoteKey, sendingChain, receivingChain].filter((key) => key !== undefined),
    uint32(state.sentCount),
    uint32(state.receivedCount),
    uint32(state.previousChainLength),
    uint32(skippedKeys.length),
    ...skipped,
  );
  wipe(...skipped);
  return snapshot;
}

/**
 * The state of a snapshot. It shares no bytes with it, so the caller may wipe the snapshot.
 *
 * @throws {@link RatchetError} `INVALID_STATE` for anything that {@link encodeState} did not write
 */
export function decodeState(snapshot: Uint8Array): RatchetState {
  const reader = createReader(snapshot);
  const version = reader.byte();
  if (version !== VERSION) throw invalid(`version: want ${VERSION}, got ${version}`);
  const suiteId = reader.byte();
  const suite = SUITES.get(suiteId);
  if (!suite) throw invalid(`suite: want 1 or 2, got ${suiteId}`);
  const flags = reader.byte();
  const hasRemoteKey = (flags & HAS_REMOTE_KEY) !== 0;
  if (flags > 7 || (!hasRemoteKey && flags !== 0))
    throw invalid(`flags: want chains only with a remote key, got ${flags}`);
  const associatedData = reader.take(reader.byte() * 256 + reader.byte());
  const rootKey = reader.take(KEY_BYTES);
  const keyPair = { publicKey: reader.publicKey(), secretKey: reader.take(KEY_BYTES) };
  const remoteKey = hasRemoteKey ? reader.publicKey() : undefined;
  const sendingChain = flags & HAS_SENDING_CHAIN ? reader.take(KEY_BYTES) : undefined;
  const receivingChain = flags & HAS_RECEIVING_CHAIN ? reader.take(KEY_BYTES) : undefined;
  const sentCount = reader.uint32();
  const receivedCount = reader.uint32();
  const previousChainLength = reader.uint32();
  const skippedCount = reader.uint32();
  if (reader.remaining() !== skippedCount * SKIPPED_KEY_BYTES) {
    const wanted = `${skippedCount} of ${SKIPPED_KEY_BYTES} bytes`;
    throw invalid(`skipped keys: want ${wanted}, got ${reader.remaining()} bytes`);
  }
  return {
    suite,
    associatedData,
    rootKey,
    keyPair,
    remoteKey,
    sendingChain,
    receivingChain,
    sentCount,
    receivedCount,
    previousChainLength,
    skippedKeys: Array.from({ length: skippedCount }, () => ({
      dh: reader.publicKey(),
      messageNumber: reader.uint32(),
      key: reader.take(KEY_BYTES),
      skippedAtMs: reader.number(),
    })),
  };
}

function encodeSkippedKey({ dh, messageNumber, key, skippedAtMs }: SkippedKey): Uint8Array {
  return concat(dh, uint32(messageNumber), key, uint64(skippedAtMs));
}

function suiteNumber(suite: Suite): number {
  for (const [number, { name }] of SUITES) if (name === suite.name) return number;
  throw invalid(`suite: want private1 or libchat, got ${suite.name}`);
}
