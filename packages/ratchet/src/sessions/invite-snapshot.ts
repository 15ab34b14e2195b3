/**
 * One binary form of an invite of ours, for the secrets database. It is as secret as the keys in it.
 *
 * Version 1: version (1), flags (1: multi-use, hybrid, renewal, expires, closed from bit 0), secret key (32), created at
 * (8), then as the flags say KEM seed (64), peer (32), expires at (8), closed at (8), then number of handshakes (4) and
 * for each id (16), flags (1: answered, settled).
 * @module
 */
import { concat, fromHex, hex, wipe } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { KEM_SEED_BYTES, kemKeyPairFromSeed } from "../kem.ts";
import { createReader, invalid, list, uint64 } from "../snapshot-fields.ts";
import { keyPairFromSecret } from "../x25519.ts";
import type { AcceptedHandshake, OwnInvite } from "./own-invites.ts";

const VERSION = 1;
const IS_MULTI = 1;
const IS_HYBRID = 2;
const IS_RENEWAL = 4;
const EXPIRES = 8;
const IS_CLOSED = 16;
const IS_ANSWERED = 1;
const IS_SETTLED = 2;
const SECRET_BYTES = 32;
const HANDSHAKE_ID_BYTES = 16;

export function encodeOwnInvite(invite: OwnInvite): Uint8Array {
  const { keys, kem, use, peer, createdAtMs, expiresAtMs, closedAtMs, handshakes } = invite;
  const flags =
    (use === "multi" ? IS_MULTI : 0) |
    (kem ? IS_HYBRID : 0) |
    (peer ? IS_RENEWAL : 0) |
    (expiresAtMs === undefined ? 0 : EXPIRES) |
    (closedAtMs === undefined ? 0 : IS_CLOSED);
  return concat(
    Uint8Array.of(VERSION, flags),
    keys.secretKey,
    uint64(createdAtMs),
    ...[kem?.seed, peer].filter((field) => field !== undefined),
    ...[expiresAtMs, closedAtMs].filter((time) => time !== undefined).map(uint64),
    list(handshakes, encodeHandshake),
  );
}

/**
 * The invite of a snapshot. It shares no bytes with it.
 *
 * @throws {@link RatchetError} `INVALID_STATE` for anything that {@link encodeOwnInvite} did not write
 */
export function decodeOwnInvite(snapshot: Uint8Array, crypto?: Crypto): OwnInvite {
  const reader = createReader(snapshot);
  const version = reader.byte();
  if (version !== VERSION) throw invalid(`version: want ${VERSION}, got ${version}`);
  const flags = reader.flags(IS_MULTI | IS_HYBRID | IS_RENEWAL | EXPIRES | IS_CLOSED);
  const secretKey = reader.take(SECRET_BYTES);
  const createdAtMs = reader.number();
  const seed = flags & IS_HYBRID ? reader.take(KEM_SEED_BYTES) : undefined;
  const peer = flags & IS_RENEWAL ? reader.publicKey() : undefined;
  const expiresAtMs = flags & EXPIRES ? reader.number() : undefined;
  const closedAtMs = flags & IS_CLOSED ? reader.number() : undefined;
  const handshakes = reader.list(HANDSHAKE_ID_BYTES + 1, (): AcceptedHandshake => {
    const id = reader.hex(HANDSHAKE_ID_BYTES);
    const progress = reader.flags(IS_ANSWERED | IS_SETTLED);
    return { id, isAnswered: (progress & IS_ANSWERED) !== 0, isSettled: (progress & IS_SETTLED) !== 0 };
  });
  reader.end();
  const keys = keyPairFromSecret(secretKey, crypto);
  const kem = seed && kemKeyPairFromSeed(seed);
  wipe(secretKey, ...(seed ? [seed] : []));
  return {
    id: hex(keys.publicKey),
    keys,
    ...(kem && { kem }),
    use: flags & IS_MULTI ? "multi" : "single",
    ...(peer && { peer }),
    createdAtMs,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(closedAtMs !== undefined && { closedAtMs }),
    handshakes,
  };
}

function encodeHandshake({ id, isAnswered, isSettled }: AcceptedHandshake): Uint8Array {
  return concat(fromHex(id), Uint8Array.of((isAnswered ? IS_ANSWERED : 0) | (isSettled ? IS_SETTLED : 0)));
}
