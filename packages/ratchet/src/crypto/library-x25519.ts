/**
 * X25519 by @stablelib alone.
 * @module
 */
import { scalarMult, scalarMultBase } from "@stablelib/x25519";
import type { ScalarMultiplication } from "./crypto.ts";

export const libraryX25519: ScalarMultiplication = {
  x25519Base: (secretKey) => scalarMultBase(secretKey),
  x25519: (secretKey, publicKey) => scalarMult(secretKey, publicKey),
};
