/**
 * The invites of an account whose private keys it still has: from making one to wiping it.
 * A live invite takes new handshakes. One that is used up, expired or revoked takes none, and keeps its keys only for
 * the sessions that were made from it: until an ordinary envelope of each has arrived, or for 30 days.
 * Values in, values out. Make the new invites durable, then wipe `consumed`.
 * Spec: protocol.md, "Sessions": replays, end of an invite.
 * @module
 */
import { hex } from "../bytes.ts";
import type { Crypto, RandomBytes } from "../crypto/crypto.ts";
import { RatchetError } from "../errors.ts";
import { blake2b } from "../hash.ts";
import { generateKemKeyPair, type KemKeyPair } from "../kem.ts";
import { checkPublicKey, generateKeyPair, type KeyPair } from "../x25519.ts";
import { checkTime, resolveSessionLimits, type SessionLimits } from "./session-limits.ts";

const HANDSHAKE_ID_BYTES = 16;

/** One that made a session. It is remembered as long as the invite, also after its conversation is deleted. */
export type AcceptedHandshake = {
  /** BLAKE2b-128(IK_i || EK_i) in hex. */
  readonly id: string;
  /** We have sent something on its session, or do not want it. */
  readonly isAnswered: boolean;
  /** Its session needs the invite's key no longer. */
  readonly isSettled: boolean;
};

/** Secret: keep it with the ratchet states. Store it with `encodeOwnInvite`. */
export type OwnInvite = {
  /** SPK_r in hex. */
  readonly id: string;
  /** SPK_r. */
  readonly keys: KeyPair;
  /** Of a hybrid invite. */
  readonly kem?: KemKeyPair;
  readonly use: "single" | "multi";
  /** IK of the only one who may use it: the invite is a renewal. */
  readonly peer?: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  /** When it was used up or revoked. */
  readonly closedAtMs?: number;
  readonly handshakes: readonly AcceptedHandshake[];
};

/** By their id. */
export type OwnInvites = ReadonlyMap<string, OwnInvite>;

export type InvitesChange = {
  readonly invites: OwnInvites;
  /** Secrets of invites that are gone: wipe them once `invites` is durable. */
  readonly consumed: readonly Uint8Array[];
};

export type InviteOptions = {
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** @default "single" */
  readonly use?: "single" | "multi";
  /** @default none for single use, 30 days for multi */
  readonly expiresInMs?: number;
  /** With an ML-KEM-768 key. @default false */
  readonly hybrid?: boolean;
  /** IK of the only one who may use it. It counts as a renewal. */
  readonly peer?: Uint8Array;
  readonly limits?: SessionLimits;
  readonly crypto?: Crypto;
};

export type CreateInviteResult =
  | ({ readonly kind: "created"; readonly invite: OwnInvite } & InvitesChange)
  | { readonly kind: "refused"; readonly reason: "too-many-invites" };

/**
 * Makes an invite, unless as many as allowed are live.
 *
 * @throws {@link RatchetError} `INVALID_OPTION`, `INVALID_PUBLIC_KEY` for `peer`
 */
export function createInvite(invites: OwnInvites, options: InviteOptions): CreateInviteResult {
  const { nowMs, random, use = "single", hybrid = false, peer, crypto } = options;
  const limits = resolveSessionLimits(options.limits);
  const expiresInMs = options.expiresInMs ?? (use === "multi" ? limits.multiUseLifetimeMs : undefined);
  checkTime(nowMs);
  if (expiresInMs !== undefined && (!Number.isSafeInteger(expiresInMs) || expiresInMs < 1)) {
    throw new RatchetError("INVALID_OPTION", `expiresInMs: want an integer ≥ 1, got ${expiresInMs}`);
  }
  if (peer) checkPublicKey("peer", peer);
  const isOfKind = (invite: OwnInvite) => (invite.peer === undefined) === (peer === undefined);
  const live = [...invites.values()].filter((invite) => isOfKind(invite) && isLiveInvite(invite, nowMs));
  if (live.length >= (peer ? limits.maxLiveRenewals : limits.maxLiveInvites)) {
    return { kind: "refused", reason: "too-many-invites" };
  }
  const keys = generateKeyPair(random, crypto);
  const invite: OwnInvite = {
    id: hex(keys.publicKey),
    keys,
    ...(hybrid && { kem: generateKemKeyPair(random) }),
    use,
    ...(peer && { peer: peer.slice() }),
    createdAtMs: nowMs,
    ...(expiresInMs !== undefined && { expiresAtMs: nowMs + expiresInMs }),
    handshakes: [],
  };
  const tended = tendInvites(invites, { nowMs, limits });
  return { kind: "created", invite, ...tended, invites: new Map(tended.invites).set(invite.id, invite) };
}

/** Whether it takes new handshakes. */
export function isLiveInvite({ closedAtMs, expiresAtMs }: OwnInvite, nowMs: number): boolean {
  return closedAtMs === undefined && (expiresAtMs === undefined || nowMs < expiresAtMs);
}

/** From now on it takes no new handshake; without sessions that need it, it is gone at once. */
export function revokeInvite(
  invites: OwnInvites,
  id: string,
  options: { readonly nowMs: number; readonly limits?: SessionLimits },
): InvitesChange {
  const invite = invites.get(id);
  if (!invite || !isLiveInvite(invite, options.nowMs)) return tendInvites(invites, options);
  return tendInvites(new Map(invites).set(id, { ...invite, closedAtMs: options.nowMs }), options);
}

/** Drops the invites whose time is over. Call it at every start and once a day. */
export function tendInvites(
  invites: OwnInvites,
  { nowMs, limits }: { readonly nowMs: number; readonly limits?: SessionLimits },
): InvitesChange {
  checkTime(nowMs);
  const { keepMs } = resolveSessionLimits(limits);
  const over = [...invites.values()].filter((invite) => isOver(invite, nowMs, keepMs));
  if (over.length === 0) return { invites, consumed: [] };
  const kept = new Map(invites);
  for (const { id } of over) kept.delete(id);
  return { invites: kept, consumed: over.flatMap(secretsOf) };
}

/**
 * What happened to the session of a handshake.
 *
 * - `answered`: we have sent something on it; it no longer counts as unanswered
 * - `confirmed`: an ordinary envelope arrived on it, and no first message is missing any more
 * - `deleted`: its conversation was refused or deleted; the handshake stays known
 */
export function noteHandshake(
  invites: OwnInvites,
  handshake: { readonly inviteId: string; readonly handshakeId: string },
  happened: "answered" | "confirmed" | "deleted",
  options: { readonly nowMs: number; readonly limits?: SessionLimits },
): InvitesChange {
  const invite = invites.get(handshake.inviteId);
  if (!invite) return tendInvites(invites, options); // its 30 days are over
  const handshakes = invite.handshakes.map((known) => {
    if (known.id !== handshake.handshakeId) return known;
    return { ...known, isAnswered: true, isSettled: known.isSettled || happened !== "answered" };
  });
  return tendInvites(new Map(invites).set(invite.id, { ...invite, handshakes }), options);
}

/** BLAKE2b-128(IK_i || EK_i) in hex: what tells handshakes of an invite apart. */
export function handshakeIdOf(initiator: Uint8Array, ephemeral: Uint8Array): string {
  return hex(blake2b(HANDSHAKE_ID_BYTES, initiator, ephemeral));
}

/** Why an invite takes no new handshake now. */
export function refusalOf(
  invite: OwnInvite,
  nowMs: number,
  { maxUnanswered }: Required<SessionLimits>,
): "invite-ended" | "too-many-unanswered" | undefined {
  if (!isLiveInvite(invite, nowMs)) return "invite-ended";
  const unanswered = invite.handshakes.filter(({ isAnswered }) => !isAnswered).length;
  return unanswered >= maxUnanswered ? "too-many-unanswered" : undefined;
}

/** The invite with one more handshake, and used up if that was its last. */
export function withHandshake(
  invite: OwnInvite,
  id: string,
  nowMs: number,
  { maxHandshakes }: Required<SessionLimits>,
): OwnInvite {
  const handshakes = [...invite.handshakes, { id, isAnswered: false, isSettled: false }];
  const isUsedUp = invite.use === "single" || handshakes.length >= maxHandshakes;
  return { ...invite, handshakes, ...(isUsedUp && { closedAtMs: nowMs }) };
}

function isOver(invite: OwnInvite, nowMs: number, keepMs: number): boolean {
  if (isLiveInvite(invite, nowMs)) return false;
  const endedAtMs = Math.min(invite.closedAtMs ?? nowMs, invite.expiresAtMs ?? nowMs);
  return nowMs - endedAtMs >= keepMs || invite.handshakes.every(({ isSettled }) => isSettled);
}

function secretsOf({ keys, kem }: OwnInvite): Uint8Array[] {
  return kem ? [keys.secretKey, kem.seed] : [keys.secretKey];
}
