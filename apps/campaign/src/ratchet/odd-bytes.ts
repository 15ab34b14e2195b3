/**
 * Bytes on which arithmetic goes wrong more often than on random ones.
 * @module
 */
import type { Random } from "../random.ts";

/** Random, or with long runs of equal bits, a single bit, or small in either order of bytes. */
export function oddBytes(random: Random, length: number): Uint8Array {
  const bytes = random.bytes(length);
  if (length === 0) return bytes;
  switch (random.below(8)) {
    case 0:
      return bytes.fill(random.pick([0x00, 0xff, 0x7f, 0x80, 0x01]));
    case 1: {
      bytes.fill(random.pick([0x00, 0xff]));
      const at = random.below(length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    }
    case 2:
      return bytes.fill(random.pick([0x00, 0xff]), random.below(length));
    case 3:
      return bytes.fill(random.pick([0x00, 0xff]), 0, random.below(length));
    default:
      return bytes;
  }
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
