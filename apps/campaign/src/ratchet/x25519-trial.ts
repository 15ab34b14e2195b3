/**
 * One input through X25519 in WebAssembly, by OpenSSL, and now and then by @stablelib, which is slow.
 * @module
 */
import { createCrypto, createPortableCrypto } from "@chat/ratchet";
import type { Random } from "../random.ts";
import { hex, isEqual, oddBytes } from "./odd-bytes.ts";

const STABLELIB_SHARE = 1 / 20;

const tuned = createPortableCrypto();
const stablelib = createPortableCrypto({ kernels: "library" });
const openssl = createCrypto();

/** p = 2^255 - 19 and its neighbours, as the distance from 2^255 - 1 of the lowest byte; twice p wraps within a byte. */
const NEAR_PRIME = [0xeb, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xfe, 0xff];

/** Of low order: 0, 1, two of order 8, p - 1. */
const LOW_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
].map((digits) => Uint8Array.from(Buffer.from(digits, "hex")));

export type X25519Counts = { openssl: number; stablelib: number; lowOrder: number };

/** @throws Error if two implementations differ */
export function tryX25519(random: Random, counts: X25519Counts): void {
  const secretKey = oddBytes(random, 32);
  const publicKey = publicKeyOf(random);
  const wanted = tuned.x25519(secretKey, publicKey);
  const check = (name: string, output: Uint8Array): void => {
    if (isEqual(output, wanted)) return;
    const seen = Object.entries({ secretKey, publicKey, tuned: wanted, [name]: output });
    throw new Error(`x25519: ${seen.map(([field, bytes]) => `${field} ${hex(bytes)}`).join(", ")}`);
  };
  check("openssl", byOpenssl(secretKey, publicKey));
  counts.openssl += 1;
  if (wanted.every((byte) => byte === 0)) counts.lowOrder += 1;
  if (!random.chance(STABLELIB_SHARE)) return;
  check("stablelib", stablelib.x25519(secretKey, publicKey));
  counts.stablelib += 1;
}

/** See {@link X25519Counts}: nothing is compared with itself. */
export function hasTunedX25519(): boolean {
  return tuned.x25519 !== stablelib.x25519 && tuned.x25519 !== openssl.x25519;
}

/** OpenSSL refuses a result that is all zero, and gives no other error for keys of 32 bytes. */
function byOpenssl(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return openssl.x25519(secretKey, publicKey);
  } catch {
    return new Uint8Array(32);
  }
}

/** Also what the ratchet refuses before it gets here: not canonical, bit 255 set, of low order. */
function publicKeyOf(random: Random): Uint8Array {
  switch (random.below(16)) {
    case 0:
      return random.pick(LOW_ORDER).slice();
    case 1: {
      const key = new Uint8Array(32).fill(0xff);
      key[0] = random.pick(NEAR_PRIME);
      key[31] = random.pick([0x7f, 0xff]);
      return key;
    }
    default:
      return oddBytes(random, 32);
  }
}
