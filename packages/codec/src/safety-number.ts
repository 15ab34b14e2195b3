/**
 * Safety numbers: two people who see the same one have each other's key, and nobody stands between them.
 * The construction is Signal's numeric fingerprint: 5,200 rounds of SHA-512 over the key, 30 digits for each side, the
 * smaller half first, so that both sides have the same text. The account's key is its identifier, too.
 * @module
 */
import { SHA512 } from "@stablelib/sha512";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { ascii, concat } from "./bytes.ts";
import { CodecError } from "./errors.ts";

const VERSION = 1;
const CODE_PREFIX = `logos_chatsafety_${VERSION}_`;
const ANY_CODE = /^logos_chatsafety_[0-9]+_/;
const LABEL = "chat/v1 safety number";
const ROUNDS = 5_200;
const KEY_BYTES = 32;
const HALF_BYTES = 32;
const GROUPS = 6;
const GROUP_BYTES = 5;

export type SafetyNumber = {
  /** 60 digits. Show them in groups of five. */
  readonly digits: string;
  /** For a QR code: 104 characters, for `compareSafetyCode` on the other side. */
  readonly code: string;
};

export type SafetyComparison = "match" | "mismatch" | "newer-version" | "unreadable";

/**
 * The safety number of two accounts, the same on both sides. Takes some ten milliseconds, on purpose: somebody who looks
 * for a key with a similar number pays that for each try.
 *
 * @param ownKey - IK, 32 bytes, as is `peerKey`; their order does not matter
 * @throws {@link CodecError} `INVALID_OPTION`
 */
export function safetyNumber(ownKey: Uint8Array, peerKey: Uint8Array): SafetyNumber {
  const halves = [fingerprint("ownKey", ownKey), fingerprint("peerKey", peerKey)].sort(compareBytes);
  return { digits: halves.map(digitsOf).join(""), code: CODE_PREFIX + encodeBase64url(concat(...halves)) };
}

/** What a scanned QR code says about the two accounts whose safety number is `own`. */
export function compareSafetyCode(scanned: string, own: SafetyNumber): SafetyComparison {
  const text = scanned.trim();
  if (text === own.code) return "match";
  if (!text.startsWith(CODE_PREFIX)) return ANY_CODE.test(text) ? "newer-version" : "unreadable";
  const bytes = text.length === own.code.length ? decodeBase64url(text.slice(CODE_PREFIX.length)) : undefined;
  return bytes?.length === 2 * HALF_BYTES ? "mismatch" : "unreadable";
}

function fingerprint(name: string, key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) {
    throw new CodecError("INVALID_OPTION", `${name}: want ${KEY_BYTES} bytes, got ${key.length}`);
  }
  const hash = new SHA512();
  let digest = concat(Uint8Array.of(0, VERSION), ascii(LABEL), key);
  for (let round = 0; round < ROUNDS; round += 1) {
    digest = hash.reset().update(digest).update(key).digest();
  }
  hash.clean();
  return digest.slice(0, HALF_BYTES);
}

/** 30 digits of the first 30 bytes: five bytes, big-endian, modulo 100,000, six times. */
function digitsOf(half: Uint8Array): string {
  const groups = Array.from({ length: GROUPS }, (_, group) => {
    const bytes = half.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES);
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(number % 100_000).padStart(5, "0");
  });
  return groups.join("");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
