/**
 * The initiator's side of a handshake: from somebody's invite to a session that can send.
 * EK_i and every secret of the handshake are wiped before this returns.
 * Spec: protocol.md, "Handshake" and "Sessions": accepting a first message.
 * @module
 */
import { equalPublic, wipe } from "../bytes.ts";
import type { Crypto, RandomBytes } from "../crypto/crypto.ts";
import { RatchetError } from "../errors.ts";
import { agreeHybridAsInitiator } from "../pqxdh.ts";
import { startAsInitiator } from "../state.ts";
import { agreeAsInitiator, deriveSession, sessionAssociatedData } from "../x3dh.ts";
import { generateKeyPair, type KeyPair } from "../x25519.ts";
import type { DeriveKeys, NewSession } from "./first-message.ts";

/** The keys of somebody's invite, whose signature was checked. */
export type RemoteInvite = {
  /** IK_r. */
  readonly identity: Uint8Array;
  /** SPK_r. */
  readonly prekey: Uint8Array;
  /** ML-KEM-768, of a hybrid invite. */
  readonly kemKey?: Uint8Array;
};

/** Public part of a handshake, in every first message until the responder has answered. */
export type OutgoingHandshake = {
  readonly initiator: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly kemCiphertext?: Uint8Array;
};

export type StartedSession<Keys> = {
  readonly session: NewSession;
  /** What `deriveKeys` returned. */
  readonly keys: Keys;
  readonly handshake: OutgoingHandshake;
};

export type StartOptions<Keys> = {
  /** IK_i. */
  readonly identity: KeyPair;
  /** Its argument is wiped when it has returned. */
  readonly deriveKeys: DeriveKeys<Keys>;
  readonly random: RandomBytes;
  readonly crypto?: Crypto;
};

/**
 * Starts a session with the owner of an invite: hybrid if and only if the invite is.
 *
 * @throws {@link RatchetError} `INVALID_PUBLIC_KEY`; `INVALID_OPTION` for one's own invite
 */
export function startSession<Keys>(invite: RemoteInvite, options: StartOptions<Keys>): StartedSession<Keys> {
  const { identity, deriveKeys, random, crypto } = options;
  if (equalPublic(invite.identity, identity.publicKey)) {
    throw new RatchetError("INVALID_OPTION", "invite: want somebody else's, got one of this account");
  }
  const ephemeral = generateKeyPair(random, crypto);
  try {
    const { shared, ...kem } = agree(invite, identity, ephemeral, options);
    const { secret, base, initiatorConversationId } = deriveSession(shared, crypto);
    const ratchet = startAsInitiator({
      sharedSecret: secret,
      remoteKey: invite.prekey,
      associatedData: sessionAssociatedData(identity.publicKey, invite.identity),
      random,
      ...(crypto && { crypto }),
    });
    const keys = deriveKeys(secret);
    wipe(shared, secret);
    return {
      session: { id: initiatorConversationId, base, peer: invite.identity.slice(), role: "initiator", ratchet },
      keys,
      handshake: { initiator: identity.publicKey.slice(), ephemeral: ephemeral.publicKey, ...kem },
    };
  } finally {
    wipe(ephemeral.secretKey);
  }
}

function agree<Keys>(
  invite: RemoteInvite,
  identity: KeyPair,
  ephemeral: KeyPair,
  { random, crypto }: StartOptions<Keys>,
): { shared: Uint8Array; kemCiphertext?: Uint8Array } {
  const keys = { identity, ephemeral, remoteIdentity: invite.identity, remotePrekey: invite.prekey };
  if (invite.kemKey === undefined) return { shared: agreeAsInitiator(keys, crypto) };
  return agreeHybridAsInitiator({ ...keys, remoteKemKey: invite.kemKey }, { random, ...(crypto && { crypto }) });
}
