/**
 * The few byte operations that the wire formats need.
 * @module
 */
const encoder = new TextEncoder();

/** Bytes of the ASCII labels of the specifications. */
export function ascii(label: string): Uint8Array {
  return encoder.encode(label);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
