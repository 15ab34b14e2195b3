/**
 * XEdDSA: signatures by the X25519 key that an installation already has.
 * Strict: a key or signature has exactly one accepted encoding. libsignal's variant stores the sign of A in bit 7 of
 * byte 63; it is read in a mode of its own, and otherwise refused. It is never masked away.
 * Spec: "The XEdDSA and VXEdDSA Signature Schemes", revision 1, sections 2 and 3.
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, littleEndian, wipe } from "./bytes.ts";
import type { Crypto, RandomBytes } from "./crypto/crypto.ts";
import { defaultCrypto } from "./crypto/default.ts";
import { RatchetError } from "./errors.ts";
import { draw } from "./random.ts";
import { isValidPublicKey, KEY_BYTES } from "./x25519.ts";

const { Point } = ed25519;
const { Fp, Fn } = Point;

const SIGNATURE_BYTES = 64;

/** Prefix of hash_1: 2^256 - 1 - 1 little-endian, which no encoded point can begin with. */
const HASH_1_PREFIX = new Uint8Array(32).fill(0xff);
HASH_1_PREFIX[0] = 0xfe;

/**
 * Signs `message` with an X25519 secret key.
 *
 * @param random - asked once, for the 64 bytes that the specification calls Z; by default the platform's
 * @returns 64 bytes, R || s
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`, `INVALID_OPTION`
 */
export function signXeddsa(
  secretKey: Uint8Array,
  message: Uint8Array,
  random: RandomBytes = defaultCrypto().random,
): Uint8Array {
  const { scalar, encodedPoint } = edwardsKeyPair(secretKey);
  const scalarBytes = Fn.toBytes(scalar);
  const z = draw(random, 64);
  const nonce = hashToScalar(HASH_1_PREFIX, scalarBytes, message, z);
  const encodedR = Point.BASE.multiply(nonce).toBytes();
  const challenge = hashToScalar(encodedR, encodedPoint, message);
  const s = Fn.add(nonce, Fn.mul(challenge, scalar));
  wipe(scalarBytes, z);
  return concat(encodedR, Fn.toBytes(s));
}

export type VerifyOptions = {
  /**
   * Which point of the two that `publicKey` stands for: `zero`, as the specification says; `libsignal`, as bit 7 of byte
   * 63 says, which is clear in signatures of the specification, so that they are valid in both modes.
   * @default "zero"
   */
  readonly signBit?: "zero" | "libsignal";
  /** @default the platform's provider */
  readonly crypto?: Crypto;
};

/** Whether `signature` over `message` is by `publicKey`. Malformed keys and signatures are false, never an error. */
export function verifyXeddsa(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  { signBit = "zero", crypto = defaultCrypto() }: VerifyOptions = {},
): boolean {
  if (!isValidPublicKey(publicKey) || signature.length !== SIGNATURE_BYTES) return false;
  const strict = signature.slice();
  let sign = 0;
  if (signBit === "libsignal") {
    sign = (signature[63] ?? 0) & 0x80;
    strict[63] = (signature[63] ?? 0) & 0x7f;
  }
  if (!isScalar(strict.subarray(32))) return false;
  const u = Fp.fromBytes(publicKey);
  const encodedPoint = Fp.toBytes(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(Fp.add(u, Fp.ONE))));
  encodedPoint[31] = (encodedPoint[31] ?? 0) | sign;
  return crypto.verifyEd25519(encodedPoint, message, strict);
}

/** Below q, so with the three highest bits clear as well. */
function isScalar(bytes: Uint8Array): boolean {
  return littleEndian(bytes) < Fn.ORDER;
}

/** The Edwards key pair whose point has sign bit 0 (calculate_key_pair). */
function edwardsKeyPair(secretKey: Uint8Array): { scalar: bigint; encodedPoint: Uint8Array } {
  if (secretKey.length !== KEY_BYTES) {
    throw new RatchetError("INVALID_SECRET_KEY", `secretKey: want ${KEY_BYTES} bytes, got ${secretKey.length}`);
  }
  const clamped = secretKey.slice();
  clamped[0] = (clamped[0] ?? 0) & 0xf8;
  clamped[31] = ((clamped[31] ?? 0) & 0x7f) | 0x40;
  const k = littleEndianModQ(clamped);
  wipe(clamped);
  const encodedPoint = Point.BASE.multiply(k).toBytes();
  const negative = (encodedPoint[31] ?? 0) >= 0x80;
  encodedPoint[31] = (encodedPoint[31] ?? 0) & 0x7f;
  return { scalar: negative ? Fn.neg(k) : k, encodedPoint };
}

function hashToScalar(...parts: readonly Uint8Array[]): bigint {
  const input = concat(...parts);
  const digest = sha512(input);
  const scalar = littleEndianModQ(digest);
  wipe(input, digest);
  return scalar;
}

function littleEndianModQ(bytes: Uint8Array): bigint {
  return Fn.create(littleEndian(bytes));
}
