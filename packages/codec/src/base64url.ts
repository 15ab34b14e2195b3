/**
 * Base64url without padding, one text for one byte string.
 * Spec: RFC 4648, section 5.
 * @module
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  let buffered = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET.charAt((buffered >> bits) & 63);
    }
    buffered &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((buffered << (6 - bits)) & 63) : text;
}

/** The bytes, or undefined for other characters, padding, an impossible length, or unused bits that are not zero. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let offset = 0;
  let buffered = 0;
  let bits = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    buffered = (buffered << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset] = buffered >> bits;
      offset += 1;
      buffered &= (1 << bits) - 1;
    }
  }
  return bits < 6 && buffered === 0 ? bytes : undefined;
}
