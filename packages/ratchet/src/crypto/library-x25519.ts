/**
 * X25519 by @stablelib alone.
 * @module
 */
import { scalarMult, scalarMultBase } from "@stablelib/x25519";
import type { X25519 } from "./crypto.ts";

export const libraryX25519: X25519 = {
  x25519Base: (secretKey) => scalarMultBase(secretKey),
  x25519: (secretKey, publicKey) => scalarMult(secretKey, publicKey),
};
