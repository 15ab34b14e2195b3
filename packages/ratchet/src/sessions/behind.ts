/**
 * Whether a session is older than the peer believes, as one from a restored backup is.
 * In a session that is in step, a message under a ratchet key never seen before opens: the peer makes a key only from
 * ours. So messages that nobody else could seal an envelope for, under keys never seen, which do not open and are not
 * repetitions, show that the state is behind. Old envelopes that somebody sends again are under keys seen before: the newest
 * of them are known here, and a caller who keeps all of them does not report the others.
 * Spec: protocol.md, "Sessions": restored backup.
 * @module
 */
import { hex } from "../bytes.ts";
import type { RatchetMessage } from "../suite.ts";
import { isValidPublicKey } from "../x25519.ts";

/** So many of the peer's newest ratchet keys are known again. */
export const MAX_SEEN_KEYS = 64;
/** So many different messages that do not open, with none that opens between them. */
export const UNOPENED_TO_BREAK = 3;
export const KEY_PREFIX_BYTES = 8;

export type Progress = {
  /** First 8 bytes of the peer's ratchet keys, in hex, oldest first. */
  readonly seenKeys: readonly string[];
  /** Key prefix and number of messages under keys never seen that did not open. */
  readonly unopened: readonly string[];
};

export const NO_PROGRESS: Progress = { seenKeys: [], unopened: [] };

/** After a message opened. */
export function withOpened({ seenKeys, unopened }: Progress, message: RatchetMessage): Progress {
  const key = prefixOf(message);
  if (seenKeys.includes(key)) return unopened.length === 0 ? { seenKeys, unopened } : { seenKeys, unopened: [] };
  return { seenKeys: [...seenKeys, key].slice(-MAX_SEEN_KEYS), unopened: [] };
}

/** After a message in an envelope of the session did not open. */
export function withUnopened(progress: Progress, message: RatchetMessage): Progress {
  const key = prefixOf(message);
  const name = `${key}.${message.messageNumber}`;
  const { seenKeys, unopened } = progress;
  if (!isValidPublicKey(message.dh) || seenKeys.includes(key) || unopened.includes(name) || isBehind(progress)) {
    return progress;
  }
  return { seenKeys, unopened: [...unopened, name] };
}

export function isBehind({ unopened }: Progress): boolean {
  return unopened.length >= UNOPENED_TO_BREAK;
}

function prefixOf({ dh }: RatchetMessage): string {
  return hex(dh.subarray(0, KEY_PREFIX_BYTES));
}
