/**
 * The responder's side of a handshake. A session comes into being only when its first ratchet message has opened, in two
 * calls: `openFirstMessage` reads it and changes nothing, `acceptFirstMessage` makes the session together with an
 * acknowledgement, so that no state with SPK_r in it is ever returned to be kept.
 * Spec: protocol.md, "Sessions": accepting a first message, replays, end of an invite, keys from the wire.
 * @module
 */
import { equalPublic, wipe } from "../bytes.ts";
import type { Crypto, RandomBytes } from "../crypto/crypto.ts";
import { isValidKemCiphertext } from "../kem.ts";
import { agreeHybridAsResponder } from "../pqxdh.ts";
import { decrypt, encrypt } from "../ratchet.ts";
import { type RatchetState, startAsResponder, wipeState } from "../state.ts";
import type { RatchetMessage } from "../suite.ts";
import { agreeAsResponder, deriveSession, sessionAssociatedData } from "../x3dh.ts";
import { isValidPublicKey, type KeyPair } from "../x25519.ts";
import { handshakeIdOf, type OwnInvite, type OwnInvites, refusalOf, withHandshake } from "./own-invites.ts";
import { resolveSessionLimits, type SessionLimits } from "./session-limits.ts";

/** `InboxHandshake` of the envelope, from the wire and unchecked. */
export type FirstMessage = {
  /** IK_i. */
  readonly initiator: Uint8Array;
  /** EK_i. */
  readonly ephemeral: Uint8Array;
  /** If and only if the invite is hybrid; empty counts as absent. */
  readonly kemCiphertext?: Uint8Array;
  readonly message: RatchetMessage;
};

/**
 * - `no-such-invite`: its keys are wiped
 * - `invalid-key`: a key that is not canonical, or of low order, or a KEM ciphertext of another length
 * - `own-key`: it claims to come from this account
 * - `wrong-peer`: a renewal in the hands of somebody else
 * - `kem-mismatch`: hybrid for a classical invite, or the other way round
 * - `invite-ended`: used up, expired or revoked
 * - `too-many-unanswered`: answer or delete others first
 * - `replayed`: its session was made in the meantime
 * - `undecryptable`: the ratchet message does not open
 */
export type FirstMessageDiscard =
  | "no-such-invite"
  | "invalid-key"
  | "own-key"
  | "wrong-peer"
  | "kem-mismatch"
  | "invite-ended"
  | "too-many-unanswered"
  | "replayed"
  | "undecryptable";

/** Treat as opaque and secret. It is never stored: accept it, or wipe it with {@link abandonFirstMessage}. */
export type PendingSession = {
  readonly inviteId: string;
  readonly handshakeId: string;
  readonly peer: Uint8Array;
  readonly secret: Uint8Array;
  readonly base: Uint8Array;
  readonly id: string;
  readonly ratchet: RatchetState;
};

export type OpenFirstMessageResult =
  | { readonly kind: "opened"; readonly plaintext: Uint8Array; readonly pending: PendingSession }
  /** Another first message of a session that was made before: decrypt it there, or discard it if that is deleted. */
  | { readonly kind: "known"; readonly handshakeId: string }
  | { readonly kind: "discarded"; readonly reason: FirstMessageDiscard };

/** A session that has just been made. */
export type NewSession = {
  /** The local conversation id of LIP-242. */
  readonly id: string;
  readonly base: Uint8Array;
  /** IK of the peer. */
  readonly peer: Uint8Array;
  readonly role: "initiator" | "responder";
  readonly ratchet: RatchetState;
};

/** What a session needs of its secret besides the ratchet, made before the secret is wiped. */
export type DeriveKeys<Keys> = (secret: Uint8Array) => Keys;

export type AcceptFirstMessageResult<Keys> =
  | {
      readonly kind: "accepted";
      readonly invites: OwnInvites;
      readonly session: NewSession;
      /** What `deriveKeys` returned. */
      readonly keys: Keys;
      readonly handshakeId: string;
      /** To be sent, or held back while the conversation is a request that nobody accepted. */
      readonly acknowledgement: RatchetMessage;
      /** Wipe them once `invites` and `session` are durable. */
      readonly consumed: readonly Uint8Array[];
    }
  | { readonly kind: "discarded"; readonly reason: FirstMessageDiscard };

/**
 * Reads a first message with the invite that opened its envelope. Nothing changes, whatever the message is.
 *
 * @param options.identity - IK_r
 */
export function openFirstMessage(
  invites: OwnInvites,
  inviteId: string,
  first: FirstMessage,
  options: {
    readonly identity: KeyPair;
    readonly nowMs: number;
    readonly limits?: SessionLimits;
    readonly crypto?: Crypto;
  },
): OpenFirstMessageResult {
  const invite = invites.get(inviteId);
  if (!invite) return discarded("no-such-invite");
  const wrong = mismatch(invite, first, options.identity);
  if (wrong) return discarded(wrong);
  const handshakeId = handshakeIdOf(first.initiator, first.ephemeral);
  if (isKnown(invite, handshakeId)) return { kind: "known", handshakeId };
  // Before any agreement is computed, so that a full invite costs a flood nothing.
  const refusal = refusalOf(invite, options.nowMs, resolveSessionLimits(options.limits));
  if (refusal) return discarded(refusal);
  return open(invite, handshakeId, first, options);
}

/**
 * Makes the session of an opened first message, and its acknowledgement under a fresh ratchet key.
 *
 * @param invites - as they are now; what changed since the message was opened counts
 */
export function acceptFirstMessage<Keys>(
  invites: OwnInvites,
  pending: PendingSession,
  options: {
    /** Plaintext of the acknowledgement. */
    readonly acknowledgement: Uint8Array;
    readonly deriveKeys: DeriveKeys<Keys>;
    readonly nowMs: number;
    readonly random: RandomBytes;
    readonly limits?: SessionLimits;
    readonly crypto?: Crypto;
  },
): AcceptFirstMessageResult<Keys> {
  const { deriveKeys, nowMs, random, crypto } = options;
  const limits = resolveSessionLimits(options.limits);
  const { inviteId, handshakeId, id, base, peer, secret } = pending;
  const invite = invites.get(inviteId);
  if (!invite) return discarded("no-such-invite");
  if (isKnown(invite, handshakeId)) return discarded("replayed");
  const refusal = refusalOf(invite, nowMs, limits);
  if (refusal) return discarded(refusal);
  const answer = encrypt(pending.ratchet, options.acknowledgement, { random, ...(crypto && { crypto }) });
  return {
    kind: "accepted",
    invites: new Map(invites).set(inviteId, withHandshake(invite, handshakeId, nowMs, limits)),
    session: { id, base, peer, role: "responder", ratchet: answer.state },
    keys: deriveKeys(secret),
    handshakeId,
    acknowledgement: answer.message,
    consumed: [...answer.consumed, secret],
  };
}

/** Wipes a first message that opened and was not accepted. */
export function abandonFirstMessage({ secret, ratchet }: PendingSession): void {
  wipeState(ratchet);
  wipe(secret);
}

function open(
  invite: OwnInvite,
  handshakeId: string,
  { initiator, ephemeral, kemCiphertext, message }: FirstMessage,
  { identity, nowMs, crypto }: { readonly identity: KeyPair; readonly nowMs: number; readonly crypto?: Crypto },
): OpenFirstMessageResult {
  const { keys: prekey, kem } = invite;
  const agreement = { identity, prekey, remoteIdentity: initiator, remoteEphemeral: ephemeral };
  const shared =
    kem && kemCiphertext
      ? agreeHybridAsResponder({ ...agreement, kem, kemCiphertext }, crypto)
      : agreeAsResponder(agreement, crypto);
  const { secret, base, responderConversationId } = deriveSession(shared, crypto);
  const start = startAsResponder({
    sharedSecret: secret,
    keyPair: prekey,
    associatedData: sessionAssociatedData(initiator, identity.publicKey),
  });
  wipe(shared);
  const opened = decrypt(start, message, { nowMs, ...(crypto && { crypto }) });
  if (opened.kind === "rejected") {
    wipeState(start);
    wipe(secret);
    return discarded("undecryptable");
  }
  wipe(...opened.consumed);
  const pending = {
    inviteId: invite.id,
    handshakeId,
    peer: initiator.slice(),
    secret,
    base,
    id: responderConversationId,
    ratchet: opened.state,
  };
  return { kind: "opened", plaintext: opened.plaintext, pending };
}

function mismatch(
  invite: OwnInvite,
  { initiator, ephemeral, kemCiphertext }: FirstMessage,
  identity: KeyPair,
): FirstMessageDiscard | undefined {
  const isHybrid = kemCiphertext !== undefined && kemCiphertext.length > 0;
  if (!isValidPublicKey(initiator) || !isValidPublicKey(ephemeral)) return "invalid-key";
  if (equalPublic(initiator, identity.publicKey)) return "own-key";
  if (invite.peer && !equalPublic(invite.peer, initiator)) return "wrong-peer";
  if (isHybrid !== (invite.kem !== undefined)) return "kem-mismatch";
  if (isHybrid && !isValidKemCiphertext(kemCiphertext)) return "invalid-key";
  return undefined;
}

function isKnown(invite: OwnInvite, handshakeId: string): boolean {
  return invite.handshakes.some(({ id }) => id === handshakeId);
}

function discarded(reason: FirstMessageDiscard): { readonly kind: "discarded"; readonly reason: FirstMessageDiscard } {
  return { kind: "discarded", reason };
}
