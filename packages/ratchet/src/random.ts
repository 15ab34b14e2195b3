/**
 * Where fresh keys and nonces come from, if a caller does not leave that to the provider.
 * @module
 */
import type { RandomBytes } from "./crypto/crypto.ts";
import { RatchetError } from "./errors.ts";

/** Asks the port and refuses a short answer, which would otherwise become a key with fewer bits than it seems. */
export function draw(random: RandomBytes, length: number): Uint8Array {
  const bytes = random(length);
  if (bytes.length !== length) {
    throw new RatchetError("INVALID_OPTION", `random: want ${length} bytes, got ${bytes.length}`);
  }
  return bytes;
}
