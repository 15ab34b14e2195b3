/**
 * All sessions with one peer: which to send on, which to receive on, which are broken, which are over.
 * Two may be live at once, because both sides began at the same moment or because one was renewed. Both sides choose the
 * same one to send on: of those that both are known to have, the one begun latest after another was there already (its
 * rank), then the one with the bytewise smaller `base`. A handshake that arrives within an hour of one of ours counts as
 * begun at the same moment, so that it does not matter which answer overtakes which first message.
 * Spec: protocol.md, "Sessions": several sessions with one peer, restored backup.
 * @module
 */
import type { RatchetMessage } from "../suite.ts";
import { checkPublicKey } from "../x25519.ts";
import { isBehind, NO_PROGRESS, type Progress, withOpened, withUnopened } from "./behind.ts";
import type { NewSession } from "./first-message.ts";
import { checkTime, resolveSessionLimits, type SessionLimits } from "./session-limits.ts";
import type { RemoteInvite } from "./start-session.ts";

const SIMULTANEOUS_MS = 60 * 60 * 1_000;

/** What is known of a session besides its ratchet state, which the caller keeps under the same id. Not secret. */
export type PeerSession = {
  readonly id: string;
  readonly base: Uint8Array;
  readonly role: "initiator" | "responder";
  /** `broken`: it never sends or receives again, and its keys may be wiped. */
  readonly status: "live" | "broken";
  /** Whether the peer is known to have it: always for the responder, after the first answer for the initiator. */
  readonly isShared: boolean;
  /** 0, or one more than the highest among the sessions that were shared before this one was begun. */
  readonly rank: number;
  readonly createdAtMs: number;
  /** When a message last opened on it, or it was made. */
  readonly lastUsedAtMs: number;
  /** Since when another one is sent on. */
  readonly supersededAtMs?: number;
  readonly progress: Progress;
};

/** A private invite that the peer has of us, and the session it was given in. */
export type OfferedRenewal = { readonly inviteId: string; readonly sessionId: string };

/** A person's side of the account: keyed by IK, whatever happens to single sessions. */
export type Peer = {
  /** IK. */
  readonly key: Uint8Array;
  readonly sessions: readonly PeerSession[];
  /** Ours, oldest first, at most two. */
  readonly offered: readonly OfferedRenewal[];
  /** Theirs, the newest. */
  readonly received?: RemoteInvite;
};

export type SessionsChange = {
  readonly peer: Peer;
  /** Sessions that are gone: delete their states, and wipe them. */
  readonly dropped: readonly string[];
};

type Timed = { readonly nowMs: number; readonly limits?: SessionLimits };

/** @throws {@link RatchetError} `INVALID_PUBLIC_KEY` */
export function openPeer(key: Uint8Array): Peer {
  checkPublicKey("key", key);
  return { key: key.slice(), sessions: [], offered: [] };
}

/** Adds a session from `startSession` or `acceptFirstMessage`. Beyond the limit the least useful one goes. */
export function addSession(peer: Peer, session: Omit<NewSession, "ratchet" | "peer">, options: Timed): SessionsChange {
  const { id, base, role } = session;
  const { maxSessionsPerPeer } = resolveSessionLimits(options.limits);
  const { nowMs } = options;
  const before = peer.sessions.filter((known) => known.isShared && !isSimultaneous(known, role, nowMs));
  const added: PeerSession = {
    id,
    base,
    role,
    status: "live",
    isShared: role === "responder",
    rank: Math.max(-1, ...before.map(({ rank }) => rank)) + 1,
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    progress: NO_PROGRESS,
  };
  const others = peer.sessions.filter((known) => known.id !== id).sort(compare);
  const kept = others.slice(0, maxSessionsPerPeer - 1);
  return settle({ ...peer, sessions: [...kept, added] }, peer, options);
}

/** After a ratchet message of the session opened: the peer has the session, and our state is in step. */
export function noteOpened(peer: Peer, sessionId: string, message: RatchetMessage, options: Timed): SessionsChange {
  const { nowMs } = options;
  const next = withSession(peer, sessionId, (session) => ({
    ...session,
    isShared: true,
    lastUsedAtMs: Math.max(session.lastUsedAtMs, nowMs),
    progress: withOpened(session.progress, message),
  }));
  return settle(next, peer, options);
}

/**
 * After an ordinary envelope of the session opened but its ratchet message did not. Enough of these, and the session is
 * broken: then renew it. Never for a first message, which everybody with the link can seal, and never for a repetition of
 * what is so old that more than 64 ratchet keys of the peer came after it: keep their `dh`, or somebody who kept envelopes
 * can end the session with them.
 */
export function noteUnopened(peer: Peer, sessionId: string, message: RatchetMessage, options: Timed): SessionsChange {
  const next = withSession(peer, sessionId, (session) => {
    const progress = withUnopened(session.progress, message);
    return { ...session, progress, status: isBehind(progress) ? "broken" : session.status };
  });
  return settle(next, peer, options);
}

/**
 * For a session whose state is certainly behind, for example because the peer acknowledges what this state never sent.
 * The caller wipes its ratchet state and envelope keys.
 */
export function breakSession(peer: Peer, sessionId: string, options: Timed): SessionsChange {
  return settle(
    withSession(peer, sessionId, (session) => ({ ...session, status: "broken" })),
    peer,
    options,
  );
}

/**
 * For a session on which the peer says that it has lost all others: it is the one to send on from now on, also if it seemed
 * to be begun at the same moment as one of ours.
 */
export function preferSession(peer: Peer, sessionId: string, options: Timed): SessionsChange {
  const highest = Math.max(-1, ...peer.sessions.filter(({ id }) => id !== sessionId).map(({ rank }) => rank));
  return settle(
    withSession(peer, sessionId, (session) => ({
      ...session,
      isShared: true,
      rank: session.rank > highest ? session.rank : highest + 1,
    })),
    peer,
    options,
  );
}

/** For a restored backup: every session would use message keys again. */
export function breakAllSessions(peer: Peer, options: Timed): SessionsChange {
  const sessions = peer.sessions.map((session): PeerSession => ({ ...session, status: "broken" }));
  return settle({ ...peer, sessions }, peer, options);
}

/** The one session to send on; undefined if there is none, or none that may. */
export function sessionForSending({ sessions }: Peer): PeerSession | undefined {
  return sessions.filter(({ status }) => status === "live").sort(compare)[0];
}

/** Every session whose messages are still opened. */
export function sessionsForReceiving(peer: Peer, options: Timed): readonly PeerSession[] {
  return tendSessions(peer, options).peer.sessions.filter(({ status }) => status === "live");
}

/** Drops sessions that are not sent on, and on which nothing opened for 30 days. Call it at every start and once a day. */
export function tendSessions(peer: Peer, options: Timed): SessionsChange {
  return settle(peer, peer, options);
}

/** Marks what is superseded, and drops what is over. */
function settle(next: Peer, previous: Peer, { nowMs, limits }: Timed): SessionsChange {
  checkTime(nowMs);
  const { keepMs } = resolveSessionLimits(limits);
  const chosen = sessionForSending(next);
  const sessions = next.sessions
    .map((session) => (session.id === chosen?.id ? withoutEnd(session) : { supersededAtMs: nowMs, ...session }))
    .filter(({ supersededAtMs, lastUsedAtMs, status }) => {
      // The broken one stays as the reason to renew, until another is there.
      if (supersededAtMs === undefined || (status === "broken" && !chosen)) return true;
      return nowMs - Math.max(supersededAtMs, lastUsedAtMs) < keepMs;
    });
  const kept = new Set(sessions.map(({ id }) => id));
  const dropped = previous.sessions.map(({ id }) => id).filter((id) => !kept.has(id));
  return { peer: { ...next, sessions }, dropped };
}

function withSession(peer: Peer, sessionId: string, change: (session: PeerSession) => PeerSession): Peer {
  // A broken session stays as it is, whatever still arrives for it.
  const sessions = peer.sessions.map((session) =>
    session.id === sessionId && session.status === "live" ? change(session) : session,
  );
  return { ...peer, sessions };
}

function withoutEnd(session: PeerSession): PeerSession {
  const { supersededAtMs: _, ...rest } = session;
  return rest;
}

/** Whether the peer may have begun a session in `role` before it knew of `ours`. */
function isSimultaneous(ours: PeerSession, role: "initiator" | "responder", nowMs: number): boolean {
  return role === "responder" && ours.role === "initiator" && nowMs - ours.createdAtMs < SIMULTANEOUS_MS;
}

/** The better one to send on first. */
function compare(a: PeerSession, b: PeerSession): number {
  return (
    Number(b.status === "live") - Number(a.status === "live") ||
    Number(b.isShared) - Number(a.isShared) ||
    b.rank - a.rank ||
    compareBytes(a.base, b.base)
  );
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
