/** BLAKE2b with a short output, for names of messages, in a conversation and in simulated networks. @module */
import { BLAKE2b } from "@stablelib/blake2b";
import { toHex } from "./bytes.ts";

/** Hexadecimal of BLAKE2b-128 over the parts, one after the other. */
export function digest128(...parts: readonly Uint8Array[]): string {
  const hash = new BLAKE2b(16);
  for (const part of parts) hash.update(part);
  return toHex(hash.digest());
}
