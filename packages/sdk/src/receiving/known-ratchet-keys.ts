/**
 * All ratchet keys of the peer that ever opened something, in the session's log beside the SDS ids. An old envelope that
 * comes again, from a store node that had it all along or from somebody who kept it, must not look like one of a peer who is
 * ahead: the rules of @chat/ratchet remember the newest keys only.
 * Spec: `docs/protocol.md`, "Renewal, and after a restore".
 * @module
 */
import type { RatchetMessage, RatchetState } from "@chat/ratchet";
import type { MessageStore } from "@chat/store";
import { equalBytes, toHex } from "../bytes.ts";
import type { SessionStep } from "../sessions/session-step.ts";

const PREFIX_BYTES = 8;

/** Adds it to the step, if the message has turned the ratchet. */
export function logRatchetKey(step: SessionStep, { dh }: RatchetMessage, before: RatchetState): void {
  if (before.remoteKey !== undefined && equalBytes(before.remoteKey, dh)) return;
  const { id } = step.session;
  step.write(({ messages }) => messages.logSdsId(id, nameOf(dh), 0));
}

export async function isKnownRatchetKey(
  messages: MessageStore,
  sessionId: string,
  { dh }: RatchetMessage,
): Promise<boolean> {
  return (await messages.knownSdsIds(sessionId, [nameOf(dh)])).size > 0;
}

/** Like no SDS id. */
function nameOf(dh: Uint8Array): string {
  return `ratchet key ${toHex(dh.subarray(0, PREFIX_BYTES))}`;
}
