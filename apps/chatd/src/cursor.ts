/**
 * How far a subscriber has come in the two streams of an account: incoming messages, and steps of outgoing ones.
 * @module
 */
import { DaemonError } from "./errors.ts";

export type Cursor = { readonly sequence: number; readonly statusChange: number };

export const BEGINNING: Cursor = { sequence: 0, statusChange: 0 };
const FORMAT = /^1\.(\d{1,16})\.(\d{1,16})$/;

export function writeCursor({ sequence, statusChange }: Cursor): string {
  return `1.${sequence}.${statusChange}`;
}

/** @throws {@link DaemonError} `CURSOR_INVALID` */
export function readCursor(text: string): Cursor {
  const [, ...parts] = FORMAT.exec(text) ?? [];
  const [sequence = Number.NaN, statusChange = Number.NaN] = parts.map(Number);
  if (Number.isSafeInteger(sequence) && Number.isSafeInteger(statusChange)) return { sequence, statusChange };
  throw new DaemonError("CURSOR_INVALID", "cursor: want one that Subscribe gave, or an empty one, got another text");
}

/**
 * Not beyond what there is: a database that was put back to an older state counts anew from there, and what it counts then
 * is news.
 */
export function atMost(cursor: Cursor, latest: Cursor): Cursor {
  return {
    sequence: Math.min(cursor.sequence, latest.sequence),
    statusChange: Math.min(cursor.statusChange, latest.statusChange),
  };
}
