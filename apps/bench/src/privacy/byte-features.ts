/**
 * What the bytes of messages may tell: bits set, and bits in which two messages differ, field by field.
 * @module
 */
import { HEAD, HEAD_BYTES } from "./group.ts";
import { at } from "./trace.ts";

export const FIELDS = Object.keys(HEAD);
const ENDS = Object.values(HEAD).map((_, index, lengths) =>
  lengths.slice(0, index + 1).reduce((sum: number, length) => sum + length, 0),
);

/** Bits that are set in each field. */
export function bitsSet(head: Uint8Array, row: number): number[] {
  return perField((byte) => ones(at(head, row * HEAD_BYTES + byte)));
}

/** Bits in which each field differs. */
export function distances(head: Uint8Array, one: number, other: number): number[] {
  return perField((byte) => ones(at(head, one * HEAD_BYTES + byte) ^ at(head, other * HEAD_BYTES + byte)));
}

/** Bytes that are equal at the same place. */
export function equalBytes(head: Uint8Array, one: number, other: number): number {
  let count = 0;
  for (let byte = 0; byte < HEAD_BYTES; byte += 1) {
    if (head[one * HEAD_BYTES + byte] === head[other * HEAD_BYTES + byte]) count += 1;
  }
  return count;
}

function perField(value: (byte: number) => number): number[] {
  return ENDS.map((end, field) => {
    let sum = 0;
    for (let byte = ENDS[field - 1] ?? 0; byte < end; byte += 1) sum += value(byte);
    return sum;
  });
}

function ones(byte: number): number {
  let [rest, count] = [byte, 0];
  for (; rest > 0; rest &= rest - 1) count += 1;
  return count;
}
