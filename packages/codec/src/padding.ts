/**
 * Hides how long a payload is: a few sizes for short ones, a few steps for each power of two for long ones.
 * Spec: protocol.md, "Envelope", "Padding"; Padmé from "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", section 4.
 * @module
 */
const LENGTH_BYTES = 4;
const LARGEST_SMALL_CLASS = 1_536;
const SMALL_CLASSES = [384, 768, LARGEST_SMALL_CLASS];

/** Length of a padded payload, the 4-byte length in front included: 384, 768, 1,536, then at most 12 % more. */
export function paddedLength(payloadLength: number): number {
  const length = LENGTH_BYTES + payloadLength;
  return SMALL_CLASSES.find((size) => length <= size) ?? roundUp(length, padmeStep(length));
}

/** Length of the largest payload whose padded form has at most `limit` bytes; undefined if even an empty one has more. */
export function largestPayloadPaddedWithin(limit: number): number | undefined {
  // The step is the same for a length and for the multiple of it below, so this multiple is a length that Padmé keeps.
  const size =
    limit >= LARGEST_SMALL_CLASS + padmeStep(limit)
      ? limit - (limit % padmeStep(limit))
      : SMALL_CLASSES.findLast((small) => small <= limit);
  return size === undefined ? undefined : size - LENGTH_BYTES;
}

/** Length || payload || zeros; as long as a payload of `atLeast` bytes would be. */
export function pad(payload: Uint8Array, atLeast = 0): Uint8Array {
  const padded = new Uint8Array(paddedLength(Math.max(payload.length, atLeast)));
  new DataView(padded.buffer).setUint32(0, payload.length);
  padded.set(payload, LENGTH_BYTES);
  return padded;
}

/** The payload, a view into `padded`; undefined for a length that does not fit or filler that is not zero. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  if (padded.length < LENGTH_BYTES) return undefined;
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const end = LENGTH_BYTES + length;
  if (end > padded.length) return undefined;
  const isFillerZero = padded.subarray(end).every((byte) => byte === 0);
  return isFillerZero ? padded.subarray(LENGTH_BYTES, end) : undefined;
}

/** Padmé keeps as many leading bits of a length as its exponent has bits; the rest is one step. */
function padmeStep(length: number): number {
  const exponent = 31 - Math.clz32(length);
  const kept = 32 - Math.clz32(exponent);
  return 2 ** (exponent - kept);
}

function roundUp(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}
