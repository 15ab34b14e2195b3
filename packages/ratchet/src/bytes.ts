/**
 * The few byte operations that every part of the ratchet needs.
 * @module
 */
import { forgetKey } from "./crypto/key-cache.ts";

/** Bytes of the ASCII labels of the specifications. */
export function ascii(label: string): Uint8Array {
  const bytes = new Uint8Array(label.length); // for labels of some twenty characters a fifth of a TextEncoder's time
  for (let index = 0; index < label.length; index += 1) bytes[index] = label.charCodeAt(index);
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** For public values only: it returns at the first difference. */
export function equalPublic(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** For the constants of this package: well-formed lower-case hex, not input. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/** `value` as 4 bytes, big-endian, as in all authenticated data of the protocol. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The number that `bytes` stand for, their least significant byte first. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return value;
}

/**
 * Overwrites secrets with zeros, and lets go of key objects that were made of them. The engine may still hold copies of
 * its own; this is the best JavaScript can do.
 */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) {
    forgetKey(secret);
    secret.fill(0);
  }
}
