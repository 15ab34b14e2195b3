/**
 * One binary form of what is known of a peer. It holds no secrets, but says who talks with whom.
 *
 * Version 1: version (1), flags (1: renewal received, with a KEM key), IK (32), as the flags say prekey (32) and KEM key
 * (1,184), number of sessions (4) and for each id (18), base (18), flags (1: responder, broken, shared, superseded),
 * rank (8), created at (8), last used at (8), superseded at (8, if so), number of seen keys (4) and for each 8 bytes, number of unopened
 * messages (4) and for each key prefix (8) and number (8); then number of offered renewals (4) and for each invite id
 * (32), session id (18).
 * @module
 */
import { concat, fromHex } from "../bytes.ts";
import { isValidKemPublicKey } from "../kem.ts";
import { createReader, invalid, list, type Reader, uint64 } from "../snapshot-fields.ts";
import { KEY_PREFIX_BYTES } from "./behind.ts";
import type { Peer, PeerSession } from "./peer-sessions.ts";

const VERSION = 1;
const HAS_RENEWAL = 1;
const HAS_KEM_KEY = 2;
const IS_RESPONDER = 1;
const IS_BROKEN = 2;
const IS_SHARED = 4;
const IS_SUPERSEDED = 8;
const CONVERSATION_BYTES = 18;
const KEM_KEY_BYTES = 1_184;
const INVITE_ID_BYTES = 32;
const SHORTEST_SESSION_BYTES = 2 * CONVERSATION_BYTES + 1 + 3 * 8 + 2 * 4;

export function encodePeer({ key, sessions, offered, received }: Peer): Uint8Array {
  const flags = (received ? HAS_RENEWAL : 0) | (received?.kemKey ? HAS_KEM_KEY : 0);
  return concat(
    Uint8Array.of(VERSION, flags),
    key,
    ...[received?.prekey, received?.kemKey].filter((field) => field !== undefined),
    list(sessions, encodeSession),
    list(offered, ({ inviteId, sessionId }) => concat(fromHex(inviteId), fromHex(sessionId))),
  );
}

/** @throws {@link RatchetError} `INVALID_STATE` for anything that {@link encodePeer} did not write */
export function decodePeer(snapshot: Uint8Array): Peer {
  const reader = createReader(snapshot);
  const version = reader.byte();
  if (version !== VERSION) throw invalid(`version: want ${VERSION}, got ${version}`);
  const flags = reader.flags(HAS_RENEWAL | HAS_KEM_KEY);
  if (flags === HAS_KEM_KEY) throw invalid("flags: want a KEM key only with a renewal");
  const key = reader.publicKey();
  const prekey = flags & HAS_RENEWAL ? reader.publicKey() : undefined;
  const kemKey = flags & HAS_KEM_KEY ? reader.take(KEM_KEY_BYTES) : undefined;
  if (kemKey && !isValidKemPublicKey(kemKey)) throw invalid("KEM key: want a canonical one, got one that is not");
  const sessions = reader.list(SHORTEST_SESSION_BYTES, () => decodeSession(reader));
  const offered = reader.list(INVITE_ID_BYTES + CONVERSATION_BYTES, () => ({
    inviteId: reader.hex(INVITE_ID_BYTES),
    sessionId: reader.hex(CONVERSATION_BYTES),
  }));
  reader.end();
  const received = prekey && { identity: key, prekey, ...(kemKey && { kemKey }) };
  return { key, sessions, offered, ...(received && { received }) };
}

function encodeSession(session: PeerSession): Uint8Array {
  const { id, base, role, status, isShared, rank, createdAtMs, lastUsedAtMs, supersededAtMs, progress } = session;
  const flags =
    (role === "responder" ? IS_RESPONDER : 0) |
    (status === "broken" ? IS_BROKEN : 0) |
    (isShared ? IS_SHARED : 0) |
    (supersededAtMs === undefined ? 0 : IS_SUPERSEDED);
  return concat(
    fromHex(id),
    base,
    Uint8Array.of(flags),
    uint64(rank),
    uint64(createdAtMs),
    uint64(lastUsedAtMs),
    ...(supersededAtMs === undefined ? [] : [uint64(supersededAtMs)]),
    list(progress.seenKeys, fromHex),
    list(progress.unopened, (name) => {
      const [prefix = "", messageNumber = ""] = name.split(".");
      return concat(fromHex(prefix), uint64(Number(messageNumber)));
    }),
  );
}

function decodeSession(reader: Reader): PeerSession {
  const id = reader.hex(CONVERSATION_BYTES);
  const base = reader.take(CONVERSATION_BYTES);
  const flags = reader.flags(IS_RESPONDER | IS_BROKEN | IS_SHARED | IS_SUPERSEDED);
  const rank = reader.number();
  const createdAtMs = reader.number();
  const lastUsedAtMs = reader.number();
  const supersededAtMs = flags & IS_SUPERSEDED ? reader.number() : undefined;
  const seenKeys = reader.list(KEY_PREFIX_BYTES, () => reader.hex(KEY_PREFIX_BYTES));
  const unopened = reader.list(KEY_PREFIX_BYTES + 8, () => `${reader.hex(KEY_PREFIX_BYTES)}.${reader.number()}`);
  return {
    id,
    base,
    role: flags & IS_RESPONDER ? "responder" : "initiator",
    status: flags & IS_BROKEN ? "broken" : "live",
    isShared: (flags & IS_SHARED) !== 0,
    rank,
    createdAtMs,
    lastUsedAtMs,
    ...(supersededAtMs !== undefined && { supersededAtMs }),
    progress: { seenKeys, unopened },
  };
}
