/**
 * What this account knows of a person: whether they may write, which sessions there are with them, and what is owed to
 * them after a restore. It is there from the first session on, whatever happens to that one.
 * Spec: `docs/protocol.md`, "Sessions".
 * @module
 */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ResumeBody } from "@chat/codec";
import { decodePeer, encodePeer, openPeer, type Peer } from "@chat/ratchet";
import type { PeerRecord } from "@chat/store";
import { equalBytes } from "../bytes.ts";
import { PeerSchema } from "../gen/chat/session/v1/session_pb.ts";

/** `request`: a stranger has begun, and nobody has accepted it. */
export type Standing = "request" | "open" | "blocked";

/** Up to where a restored peer has what was said: see `ResumeBody` of @chat/codec. */
export type Gap = Omit<ResumeBody, "kind">;

export type PeerFile = {
  /** Of the conversation: the account id of the peer. */
  readonly id: string;
  readonly standing: Standing;
  /** By the rules of @chat/ratchet. */
  readonly sessions: Peer;
  /** While it is a request: what of it is stored. */
  readonly stored: { readonly messages: number; readonly bytes: number };
  /** Messages that nobody confirmed have lost their session. */
  readonly mustRedeliver: boolean;
  /** What was here when our state of a session turned out to be behind; the peer does not know it yet. */
  readonly mustTell?: Gap;
  readonly gap?: Gap;
};

const NOTHING_STORED = { messages: 0, bytes: 0 };

/** How much older than it is a session may seem to have been used last. */
const USE_NOTED_EVERY_MS = 60 * 60 * 1000;

/** Of somebody who was not known. */
export function newPeerFile(id: string, key: Uint8Array, standing: Standing): PeerFile {
  return { id, standing, sessions: openPeer(key), stored: NOTHING_STORED, mustRedeliver: false };
}

export function encodePeerFile(file: PeerFile): PeerRecord {
  const { id, standing, sessions, stored, mustRedeliver, mustTell, gap } = file;
  const snapshot = create(PeerSchema, {
    standing,
    sessions: encodePeer(sessions),
    storedMessages: stored.messages,
    storedBytes: BigInt(stored.bytes),
    mustRedeliver,
    ...(mustTell && { mustTell: toWire(mustTell) }),
    ...(gap && { gap: toWire(gap) }),
  });
  return { id, snapshot: toBinary(PeerSchema, snapshot) };
}

export function decodePeerFile({ id, snapshot }: PeerRecord): PeerFile {
  const record = fromBinary(PeerSchema, snapshot);
  const { standing, sessions, storedMessages, storedBytes, mustRedeliver, mustTell, gap } = record;
  return {
    id,
    standing: standing === "request" || standing === "blocked" ? standing : "open",
    sessions: decodePeer(sessions),
    stored: { messages: storedMessages, bytes: Number(storedBytes) },
    mustRedeliver,
    ...(mustTell && { mustTell: fromWire(mustTell) }),
    ...(gap && { gap: fromWire(gap) }),
  };
}

/** Whether `next` says more than when a session was used last, to the hour: then it is worth writing. */
export function isNews(next: Peer, known: Peer): boolean {
  if (next === known) return false;
  const usedAtMs = new Map(known.sessions.map(({ id, lastUsedAtMs }) => [id, lastUsedAtMs]));
  const sessions = next.sessions.map((session) => {
    const knownMs = usedAtMs.get(session.id) ?? 0;
    return session.lastUsedAtMs - knownMs < USE_NOTED_EVERY_MS ? { ...session, lastUsedAtMs: knownMs } : session;
  });
  return !equalBytes(encodePeer({ ...next, sessions }), encodePeer(known));
}

function toWire({ receivedUntilMs, sentUntilMs, noticedAtMs }: Gap): Record<keyof Gap, bigint> {
  return {
    receivedUntilMs: BigInt(receivedUntilMs),
    sentUntilMs: BigInt(sentUntilMs),
    noticedAtMs: BigInt(noticedAtMs),
  };
}

function fromWire({ receivedUntilMs, sentUntilMs, noticedAtMs }: Record<keyof Gap, bigint>): Gap {
  return {
    receivedUntilMs: Number(receivedUntilMs),
    sentUntilMs: Number(sentUntilMs),
    noticedAtMs: Number(noticedAtMs),
  };
}
