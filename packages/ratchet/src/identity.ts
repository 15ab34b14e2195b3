/**
 * Names that people and databases use for an installation key.
 * Spec: protocol.md, "Identity and invite links".
 * @module
 */
import { hex } from "./bytes.ts";
import { blake2b } from "./hash.ts";

/** The account id of an installation: its fingerprint, BLAKE2b-256 of the public key in 64 lower-case hex digits. */
export function accountId(installationKey: Uint8Array): string {
  return hex(blake2b(32, installationKey));
}
