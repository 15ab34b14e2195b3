/**
 * What is used unless a caller names another provider: the platform's, tuned.
 * @module
 */
import { createCrypto } from "#crypto";
import type { Crypto } from "./crypto.ts";

let crypto: Crypto | undefined;

/** Made by the first call, so that importing this package does nothing. */
export function defaultCrypto(): Crypto {
  crypto ??= createCrypto();
  return crypto;
}
