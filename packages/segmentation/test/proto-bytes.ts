/**
 * Segment messages by hand, after the protobuf encoding specification, so that the wire is not checked against itself.
 * @module
 */

export type Fields = {
  readonly hash: Uint8Array;
  readonly length: number;
  readonly index: number;
  readonly dataCount: number;
  readonly parityCount?: number;
  readonly isParity?: boolean;
  readonly chunk: Uint8Array;
};

/** Fields in order; those of proto3 without presence are left out when they are zero. */
export function segmentBytes({ hash, length, index, dataCount, parityCount, isParity, chunk }: Fields): Uint8Array {
  return Uint8Array.from([
    ...lengthDelimited(1, hash),
    ...varintField(2, length),
    ...varintField(3, index),
    ...varintField(4, dataCount),
    ...(parityCount === undefined ? [] : [5 * 8, ...varint(parityCount)]),
    ...varintField(6, isParity ? 1 : 0),
    ...lengthDelimited(7, chunk),
  ]);
}

function varintField(field: number, value: number): number[] {
  return value === 0 ? [] : [field * 8, ...varint(value)];
}

function lengthDelimited(field: number, bytes: Uint8Array): number[] {
  return bytes.length === 0 ? [] : [field * 8 + 2, ...varint(bytes.length), ...bytes];
}

function varint(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [(value % 128) + 128, ...varint(rest)];
}
