/**
 * Links of our own invites, and invites of others from links.
 * @module
 */
import {
  CodecError,
  encodeInvite,
  type IntroBundle,
  type InviteChecks,
  inviteSigningInput,
  parseInvite,
} from "@chat/codec";
import {
  isValidKemPublicKey,
  isValidPublicKey,
  type OwnInvite,
  type RandomBytes,
  type RemoteInvite,
  signXeddsa,
  verifyXeddsa,
} from "@chat/ratchet";
import { ChatError } from "../errors.ts";
import type { Account } from "./account.ts";

/** The link of an invite. Each call signs anew, so that two links of one invite differ and both work. */
export function linkOf(invite: OwnInvite, account: Account, random: RandomBytes): string {
  return encodeInvite(bundleOf(invite, account, random));
}

/** What the link says, signed. */
export function bundleOf({ keys, kem }: OwnInvite, account: Account, random: RandomBytes): IntroBundle {
  return {
    installationKey: account.keys.publicKey,
    ephemeralKey: keys.publicKey,
    signature: signXeddsa(account.keys.secretKey, inviteSigningInput(keys.publicKey, kem?.publicKey), random),
    ...(kem && { kemKey: kem.publicKey }),
  };
}

/** The checks of @chat/ratchet, for what @chat/codec reads. */
export const INVITE_CHECKS: InviteChecks = { isValidPublicKey, isValidKemPublicKey, verify: verifyXeddsa };

/** Somebody's invite, whose signature is right. @throws {@link ChatError} `INVALID_INVITE` */
export function readLink(link: string): RemoteInvite {
  try {
    const { installationKey: identity, ephemeralKey: prekey, kemKey } = parseInvite(link, INVITE_CHECKS);
    return { identity, prekey, ...(kemKey && { kemKey }) };
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw new ChatError("INVALID_INVITE", cause.message, { cause });
  }
}
