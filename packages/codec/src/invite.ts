/**
 * Invite links: an introduction bundle in text that survives every messenger, mail and QR code.
 * Signing and verifying come in through parameters, because the codec knows no curve.
 * Spec: LIP-241, "V1"; protocol.md, "Identity and invite links".
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { ascii, concat } from "./bytes.ts";
import { CodecError } from "./errors.ts";
import { IntroBundleSchema } from "./gen/chat/invite/v1/invite_pb.ts";
import { decodeMessage } from "./protobuf.ts";

const PREFIX = "logos_chatintro_1_";
const ANY_VERSION = /^logos_chatintro_[0-9]+_/;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** An invite has 197 characters; this leaves room for any URL around it and for fields of later versions. */
const MAX_LINK_CHARACTERS = 8_192;

/** What an invite says: whom it leads to, and the key that this invite alone uses. */
export type IntroBundle = {
  /** IK_r, 32 bytes. */
  readonly installationKey: Uint8Array;
  /** SPK_r, 32 bytes. */
  readonly ephemeralKey: Uint8Array;
  /** XEdDSA by the installation key over {@link inviteSigningInput}, 64 bytes. */
  readonly signature: Uint8Array;
};

/** What the codec needs to trust a link. `@chat/ratchet` has both. */
export type InviteChecks = {
  /** Canonical X25519 key, not of low order. */
  isValidPublicKey(key: Uint8Array): boolean;
  /** Strict XEdDSA. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
};

/** The bytes that the installation key signs: the prefix of the link, then the invite's key. */
export function inviteSigningInput(ephemeralKey: Uint8Array): Uint8Array {
  return concat(ascii(PREFIX), ephemeralKey);
}

/**
 * The invite link of a bundle: 197 printable ASCII characters, safe as the fragment of a URL.
 *
 * @throws {@link CodecError} `INVALID_OPTION` for a key or signature of the wrong length
 */
export function encodeInvite({ installationKey, ephemeralKey, signature }: IntroBundle): string {
  checkLength("installationKey", installationKey, KEY_BYTES);
  checkLength("ephemeralKey", ephemeralKey, KEY_BYTES);
  checkLength("signature", signature, SIGNATURE_BYTES);
  const bundle = create(IntroBundleSchema, {
    installationPubkey: installationKey,
    ephemeralPubkey: ephemeralKey,
    signature,
  });
  return PREFIX + encodeBase64url(toBinary(IntroBundleSchema, bundle));
}

/**
 * Reads an invite that somebody pasted: the link itself or any URL with it as the fragment, white space around either.
 *
 * @returns a bundle whose keys and signature passed `checks`
 * @throws {@link CodecError} `INVALID_INVITE`; its message is meant for the person who pasted the link
 */
export function parseInvite(link: string, checks: InviteChecks): IntroBundle {
  const bytes = decodeBase64url(payloadOf(link));
  if (!bytes) throw invalid("it has characters that no invite has, or was cut off; copy the whole link again");
  const bundle = decodeMessage(IntroBundleSchema, bytes);
  if (
    bundle?.installationPubkey.length !== KEY_BYTES ||
    bundle.ephemeralPubkey.length !== KEY_BYTES ||
    bundle.signature.length !== SIGNATURE_BYTES
  ) {
    throw invalid("it was cut off or damaged; copy the whole link again");
  }
  const { installationPubkey: installationKey, ephemeralPubkey: ephemeralKey, signature } = bundle;
  if (
    !checks.isValidPublicKey(installationKey) ||
    !checks.isValidPublicKey(ephemeralKey) ||
    !checks.verify(installationKey, inviteSigningInput(ephemeralKey), signature)
  ) {
    throw invalid("its signature is wrong, so it was damaged or changed on the way; ask for it again");
  }
  return { installationKey, ephemeralKey, signature };
}

function payloadOf(link: string): string {
  if (link.length > MAX_LINK_CHARACTERS) {
    throw invalid(`it has ${link.length} characters, want about 200; copy only the link`);
  }
  const trimmed = link.trim();
  const text = ANY_VERSION.test(trimmed) ? trimmed : trimmed.slice(trimmed.indexOf("#") + 1);
  if (text.startsWith(PREFIX)) return text.slice(PREFIX.length);
  if (ANY_VERSION.test(text)) throw invalid("it is of a version that this program does not know; update the program");
  throw invalid(`want a link with "${PREFIX}" in it; ask for it again`);
}

function invalid(reason: string): CodecError {
  return new CodecError("INVALID_INVITE", `This is not an invite that works: ${reason}.`);
}

function checkLength(name: string, bytes: Uint8Array, wanted: number): void {
  if (bytes.length !== wanted) {
    throw new CodecError("INVALID_OPTION", `${name}: want ${wanted} bytes, got ${bytes.length}`);
  }
}
