/** The protobuf encoding by hand, so that the wire is not checked against itself. */

export function field(number: number, bytes: Uint8Array | string): number[] {
  const value = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return [...varint(number * 8 + 2), ...varint(value.length), ...value];
}

export function varintField(number: number, value: number): number[] {
  return [...varint(number * 8), ...varint(value)];
}

/** An entry of causal history (11) or of a repair request (13). */
export function entry(number: number, messageId: string): number[] {
  return field(number, Uint8Array.from(field(1, messageId)));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function varint(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [(value % 128) + 128, ...varint(rest)];
}
