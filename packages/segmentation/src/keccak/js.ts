/**
 * Keccak-256 in plain JavaScript: slow, and works everywhere.
 * @module
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Sponge } from "./sponge.ts";

export function openJs(): Sponge {
  return keccak_256.create(); // wipes its state when it has given the digest
}
