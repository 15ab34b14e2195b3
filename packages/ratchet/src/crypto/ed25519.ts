/**
 * Ed25519 verification on @noble/curves, as XEdDSA asks for it.
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equalPublic, littleEndian } from "../bytes.ts";

const { Point } = ed25519;
const { Fn } = Point;

/**
 * Without the cofactor and on the bytes of R, as the specification writes it. noble's own verify multiplies by the
 * cofactor, which accepts more.
 */
export function verifyEd25519(encodedPoint: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const encodedR = signature.subarray(0, 32);
  try {
    const s = Fn.fromBytes(signature.subarray(32)); // refuses s ≥ q
    const point = Point.fromBytes(encodedPoint); // throws for one that is not on the curve
    const challenge = Fn.create(littleEndian(sha512(concat(encodedR, encodedPoint, message))));
    const expectedR = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(challenge));
    return equalPublic(expectedR.toBytes(), encodedR);
  } catch {
    return false;
  }
}
