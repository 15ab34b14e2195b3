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
import { IntroBundleSchema, type IntroBundle as WireBundle } from "./gen/chat/invite/v1/invite_pb.ts";
import { decodeMessage } from "./protobuf.ts";

const PREFIX = "logos_chatintro_1_";
const HYBRID_PREFIX = "logos_chatintro_2_";
const ANY_VERSION = /^logos_chatintro_[0-9]+_/;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEM_KEY_BYTES = 1_184;
/** An invite has 197 characters, a hybrid one 1,780; this leaves room for any URL around it and for fields of later versions. */
const MAX_LINK_CHARACTERS = 8_192;

/** What an invite says: whom it leads to, and the key that this invite alone uses. */
export type IntroBundle = {
  /** IK_r, 32 bytes. */
  readonly installationKey: Uint8Array;
  /** SPK_r, 32 bytes. */
  readonly ephemeralKey: Uint8Array;
  /** XEdDSA by the installation key over {@link inviteSigningInput}, 64 bytes. */
  readonly signature: Uint8Array;
  /** Of a hybrid invite: ML-KEM-768, 1,184 bytes. */
  readonly kemKey?: Uint8Array;
};

/** What the codec needs to trust a link. `@chat/ratchet` has both. */
export type InviteChecks = {
  /** Canonical X25519 key, not of low order. */
  isValidPublicKey(key: Uint8Array): boolean;
  /** Strict XEdDSA. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Canonical ML-KEM-768 key. @default hybrid invites are refused */
  isValidKemPublicKey?(key: Uint8Array): boolean;
};

/** The bytes that the installation key signs: the prefix of the link, then the invite's key or keys. */
export function inviteSigningInput(ephemeralKey: Uint8Array, kemKey?: Uint8Array): Uint8Array {
  return kemKey ? concat(ascii(HYBRID_PREFIX), ephemeralKey, kemKey) : concat(ascii(PREFIX), ephemeralKey);
}

/**
 * The invite link of a bundle: 197 printable ASCII characters, or 1,780 of a hybrid one, safe as the fragment of a URL.
 *
 * @throws {@link CodecError} `INVALID_OPTION` for a key or signature of the wrong length
 */
export function encodeInvite(bundle: IntroBundle): string {
  const prefix = bundle.kemKey ? HYBRID_PREFIX : PREFIX;
  return prefix + encodeBase64url(toBinary(IntroBundleSchema, bundleToWire(bundle)));
}

/**
 * The link as the fragment of a web page or an app's own scheme: what stands behind `#` is sent to no server.
 *
 * @param page - for example `https://chat.example/join`
 * @throws {@link CodecError} `INVALID_OPTION` for a page that is no URL or has a fragment already
 */
export function inviteUrl(page: string, link: string): string {
  if (!URL.canParse(page) || page.includes("#")) {
    throw new CodecError("INVALID_OPTION", `page: want a URL without "#", got "${page}"`);
  }
  return `${page}#${link}`;
}

/**
 * Reads an invite that somebody pasted: the link itself or any URL with it as the fragment, white space around either.
 *
 * @returns a bundle whose keys and signature passed `checks`
 * @throws {@link CodecError} `INVALID_INVITE`; its message is meant for the person who pasted the link
 */
export function parseInvite(link: string, checks: InviteChecks): IntroBundle {
  const { isHybrid, payload } = partsOf(link, checks.isValidKemPublicKey !== undefined);
  const bytes = decodeBase64url(payload);
  if (!bytes) throw invalid("it has characters that no invite has, or was cut off; copy the whole link again");
  const message = decodeMessage(IntroBundleSchema, bytes);
  const bundle = message && bundleFromWire(isHybrid ? message : { ...message, kemPubkey: new Uint8Array(0) });
  if (!bundle || isHybrid !== (bundle.kemKey !== undefined)) {
    throw invalid("it was cut off or damaged; copy the whole link again");
  }
  if (!isTrustedBundle(bundle, checks)) {
    throw invalid("its signature is wrong, so it was damaged or changed on the way; ask for it again");
  }
  return bundle;
}

/** Whether keys and signature of a bundle are right. A hybrid one without `checks.isValidKemPublicKey` is not trusted. */
export function isTrustedBundle(bundle: IntroBundle, checks: InviteChecks): boolean {
  const { installationKey, ephemeralKey, kemKey, signature } = bundle;
  return (
    checks.isValidPublicKey(installationKey) &&
    checks.isValidPublicKey(ephemeralKey) &&
    (kemKey === undefined || checks.isValidKemPublicKey?.(kemKey) === true) &&
    checks.verify(installationKey, inviteSigningInput(ephemeralKey, kemKey), signature)
  );
}

/** @throws {@link CodecError} `INVALID_OPTION` for a key or signature of the wrong length */
export function bundleToWire({ installationKey, ephemeralKey, signature, kemKey }: IntroBundle): WireBundle {
  checkLength("installationKey", installationKey, KEY_BYTES);
  checkLength("ephemeralKey", ephemeralKey, KEY_BYTES);
  checkLength("signature", signature, SIGNATURE_BYTES);
  if (kemKey) checkLength("kemKey", kemKey, KEM_KEY_BYTES);
  return create(IntroBundleSchema, {
    installationPubkey: installationKey,
    ephemeralPubkey: ephemeralKey,
    signature,
    ...(kemKey && { kemPubkey: kemKey }),
  });
}

/** The bundle, whose fields are views; undefined unless every length is right. */
export function bundleFromWire(message: Omit<WireBundle, "$typeName">): IntroBundle | undefined {
  const { installationPubkey: installationKey, ephemeralPubkey: ephemeralKey, signature, kemPubkey: kemKey } = message;
  const isWellFormed =
    installationKey.length === KEY_BYTES &&
    ephemeralKey.length === KEY_BYTES &&
    signature.length === SIGNATURE_BYTES &&
    (kemKey.length === 0 || kemKey.length === KEM_KEY_BYTES);
  if (!isWellFormed) return undefined;
  return { installationKey, ephemeralKey, signature, ...(kemKey.length > 0 && { kemKey }) };
}

function partsOf(link: string, takesHybrid: boolean): { readonly isHybrid: boolean; readonly payload: string } {
  if (link.length > MAX_LINK_CHARACTERS) {
    throw invalid(`it has ${link.length} characters, want about 200; copy only the link`);
  }
  const trimmed = link.trim();
  const text = ANY_VERSION.test(trimmed) ? trimmed : trimmed.slice(trimmed.indexOf("#") + 1);
  if (text.startsWith(PREFIX)) return { isHybrid: false, payload: text.slice(PREFIX.length) };
  if (text.startsWith(HYBRID_PREFIX) && takesHybrid) {
    return { isHybrid: true, payload: text.slice(HYBRID_PREFIX.length) };
  }
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
