/**
 * XEdDSA: signatures by the X25519 key that an installation already has.
 * Strict: a key or signature has exactly one accepted encoding. libsignal's variant, which stores the sign of A in
 * bit 7 of byte 63, is refused and never masked away.
 * Spec: "The XEdDSA and VXEdDSA Signature Schemes", revision 1, sections 2 and 3.
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equalPublic, wipe } from "./bytes.ts";
import { RatchetError } from "./errors.ts";
import { draw, type RandomBytes } from "./random.ts";
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
 * @param random - asked once, for the 64 bytes that the specification calls Z
 * @returns 64 bytes, R || s
 * @throws {@link RatchetError} `INVALID_SECRET_KEY`, `INVALID_OPTION`
 */
export function signXeddsa(secretKey: Uint8Array, message: Uint8Array, random: RandomBytes): Uint8Array {
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

/** Whether `signature` over `message` is by `publicKey`. Malformed keys and signatures are false, never an error. */
export function verifyXeddsa(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isValidPublicKey(publicKey) || signature.length !== SIGNATURE_BYTES) return false;
  const encodedR = signature.subarray(0, 32);
  try {
    const s = Fn.fromBytes(signature.subarray(32)); // refuses s ≥ q, so also the bits that libsignal uses
    const u = Fp.fromBytes(publicKey);
    const encodedPoint = Fp.toBytes(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(Fp.add(u, Fp.ONE))));
    const point = Point.fromBytes(encodedPoint); // throws for u on the twist
    const challenge = hashToScalar(encodedR, encodedPoint, message);
    // Without the cofactor and on the bytes of R, as the specification writes it. noble's own verify multiplies by
    // the cofactor, which accepts more.
    const expectedR = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(challenge));
    return equalPublic(expectedR.toBytes(), encodedR);
  } catch {
    return false;
  }
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
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return Fn.create(value);
}
