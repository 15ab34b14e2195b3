/** Byte i is i × 167 + ⌊i / 256⌋ × 59 + seed, of which the low eight bits. */
export function vectorPayload(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 167 + (index >> 8) * 59 + seed);
}
