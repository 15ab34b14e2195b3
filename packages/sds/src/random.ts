/**
 * Where jitter comes from.
 * @module
 */
import { SdsError } from "./errors.ts";

/** Returns `length` random bytes. They only spread out times, so a seeded source is fine in a simulation. */
export type RandomBytes = (length: number) => Uint8Array;

/** Uniform in [0, 1). */
export function fraction(random: RandomBytes): number {
  const bytes = random(4);
  if (bytes.length !== 4) throw new SdsError("INVALID_OPTION", `random: want 4 bytes, got ${bytes.length}`);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
}
