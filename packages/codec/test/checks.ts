/**
 * The port of `parseInvite`, on node:crypto: Ed25519 over the Edwards form of an X25519 key, in plain BigInt.
 * @module
 */
import { createPublicKey, verify } from "node:crypto";
import type { InviteChecks } from "../src/index.ts";
import { fromHex, toHex } from "./vectors.ts";

const P = 2n ** 255n - 19n;

export const checks: InviteChecks = {
  isValidPublicKey: (key) => key.length === 32 && littleEndian(key) > 1n && littleEndian(key) < P - 1n,
  verify: (publicKey, message, signature) => {
    const u = littleEndian(publicKey);
    const y = ((u - 1n) * power(u + 1n, P - 2n)) % P;
    const x = Buffer.from(fromHex(y.toString(16).padStart(64, "0")).reverse()).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message, key, signature);
  },
};

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P;
    if (bit === "1") result = (result * base) % P;
  }
  return result;
}
