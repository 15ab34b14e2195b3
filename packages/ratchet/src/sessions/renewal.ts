/**
 * How a broken session comes back without a new link: each side has given the other a private single-use invite inside
 * the session, and gives another whenever a new session is sent on.
 * Spec: protocol.md, "Sessions": renewal.
 * @module
 */

import { equalPublic } from "../bytes.ts";
import type { Crypto, RandomBytes } from "../crypto/crypto.ts";
import { isValidKemPublicKey } from "../kem.ts";
import { isValidPublicKey } from "../x25519.ts";
import {
  createInvite,
  type InvitesChange,
  isLiveInvite,
  type OwnInvite,
  type OwnInvites,
  revokeInvite,
} from "./own-invites.ts";
import { addSession, type Peer, sessionForSending } from "./peer-sessions.ts";
import type { SessionLimits } from "./session-limits.ts";
import { type RemoteInvite, type StartedSession, type StartOptions, startSession } from "./start-session.ts";

/** The newest, and the one before for a peer that was restored to before it got the newest. */
const MAX_OFFERED = 2;

export type OfferRenewalResult =
  | ({ readonly kind: "offered"; readonly peer: Peer; readonly invite: OwnInvite } & InvitesChange)
  | { readonly kind: "not-needed" }
  | { readonly kind: "refused"; readonly reason: "too-many-invites" };

export type ReceiveRenewalResult =
  | { readonly kind: "kept"; readonly peer: Peer }
  | { readonly kind: "discarded"; readonly reason: "wrong-peer" | "invalid-key" };

export type RenewResult<Keys> =
  | {
      readonly kind: "renewed";
      readonly peer: Peer;
      readonly started: StartedSession<Keys>;
      /** Sessions that are gone: delete their states, and wipe them. */
      readonly dropped: readonly string[];
    }
  /** There is a session to send on. */
  | { readonly kind: "not-needed" }
  /** The peer gave none, or it is used: only a new link helps. */
  | { readonly kind: "no-renewal" };

/**
 * Makes the private invite that the peer should have, if it has none of the session that is sent on, or has used it.
 * Sign its keys as an invite's, and send it in the session, in the same transaction.
 *
 * @throws {@link RatchetError} `INVALID_OPTION`
 */
export function offerRenewal(
  peer: Peer,
  invites: OwnInvites,
  options: {
    readonly nowMs: number;
    readonly random: RandomBytes;
    /** @default false */
    readonly hybrid?: boolean;
    readonly limits?: SessionLimits;
    readonly crypto?: Crypto;
  },
): OfferRenewalResult {
  const session = sessionForSending(peer);
  if (!session) return { kind: "not-needed" };
  const isLive = (inviteId: string) => {
    const invite = invites.get(inviteId);
    return invite !== undefined && isLiveInvite(invite, options.nowMs);
  };
  const offered = peer.offered.filter(({ inviteId }) => isLive(inviteId));
  if (offered.some(({ sessionId }) => sessionId === session.id)) return { kind: "not-needed" };
  const outdated = offered.slice(0, Math.max(0, offered.length - MAX_OFFERED + 1));
  let change: InvitesChange = { invites, consumed: [] };
  for (const { inviteId } of outdated) {
    const { invites: kept, consumed } = revokeInvite(change.invites, inviteId, options);
    change = { invites: kept, consumed: [...change.consumed, ...consumed] };
  }
  const created = createInvite(change.invites, { ...options, use: "single", peer: peer.key });
  if (created.kind === "refused") return created;
  const newest = { inviteId: created.invite.id, sessionId: session.id };
  return {
    kind: "offered",
    peer: { ...peer, offered: [...offered.slice(outdated.length), newest] },
    invite: created.invite,
    invites: created.invites,
    consumed: [...change.consumed, ...created.consumed],
  };
}

/** Keeps the private invite that a message of the peer brought, in place of an older one. */
export function receiveRenewal(peer: Peer, invite: RemoteInvite): ReceiveRenewalResult {
  const { identity, prekey, kemKey } = invite;
  if (!equalPublic(identity, peer.key)) return { kind: "discarded", reason: "wrong-peer" };
  if (!isValidPublicKey(prekey) || (kemKey && !isValidKemPublicKey(kemKey))) {
    return { kind: "discarded", reason: "invalid-key" };
  }
  const received = { identity: peer.key, prekey: prekey.slice(), ...(kemKey && { kemKey: kemKey.slice() }) };
  return { kind: "kept", peer: { ...peer, received } };
}

/**
 * Starts a session anew if every session with the peer is broken. It takes the peer's private invite with it, so that
 * nothing can use it twice: make `peer` durable with the new session.
 */
export function renew<Keys>(
  peer: Peer,
  options: StartOptions<Keys> & { readonly nowMs: number; readonly limits?: SessionLimits },
): RenewResult<Keys> {
  if (peer.sessions.length === 0 || sessionForSending(peer)) return { kind: "not-needed" };
  const { received, ...rest } = peer;
  if (!received) return { kind: "no-renewal" };
  const started = startSession(received, options);
  return { kind: "renewed", started, ...addSession(rest, started.session, options) };
}
