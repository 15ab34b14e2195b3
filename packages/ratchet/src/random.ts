/**
 * The one port of this package: where fresh keys and nonces come from.
 * @module
 */
import { RatchetError } from "./errors.ts";

/** Returns `length` bytes from a cryptographic source, for example `globalThis.crypto.getRandomValues`. */
export type RandomBytes = (length: number) => Uint8Array;

/** Asks the port and refuses a short answer, which would otherwise become a key with fewer bits than it seems. */
export function draw(random: RandomBytes, length: number): Uint8Array {
  const bytes = random(length);
  if (bytes.length !== length) {
    throw new RatchetError("INVALID_OPTION", `random: want ${length} bytes, got ${bytes.length}`);
  }
  return bytes;
}
