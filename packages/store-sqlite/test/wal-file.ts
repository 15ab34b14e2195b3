/**
 * What is in a write-ahead log, by https://sqlite.org/fileformat.html#the_write_ahead_log: which of its frames SQLite
 * would take at the next opening.
 * @module
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export type Frame = {
  readonly page: number;
  /** The last of a transaction. */
  readonly isCommit: boolean;
  /** In the file, where the frame ends. */
  readonly end: number;
  readonly content: Uint8Array;
};

export type WalFile = { readonly pageSize: number; readonly frames: readonly Frame[] };

/** The frames of all transactions that are whole; none for a log that is missing or was begun anew. */
export function readWal(bytes: Uint8Array): WalFile {
  if (bytes.length < HEADER_BYTES) return { pageSize: 0, frames: [] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isBigEndian = (view.getUint32(0) & 1) === 1;
  const pageSize = view.getUint32(8);
  const salts = view.getBigUint64(16);
  let sum = checksum(view, 0, 24, [0, 0], isBigEndian);
  if (!isEqual(sum, view, 24)) return { pageSize, frames: [] };
  const frames: Frame[] = [];
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES + pageSize <= bytes.length; ) {
    const start = at + FRAME_HEADER_BYTES;
    const end = start + pageSize;
    sum = checksum(view, at, 8, sum, isBigEndian);
    sum = checksum(view, start, pageSize, sum, isBigEndian);
    if (view.getBigUint64(at + 8) !== salts || !isEqual(sum, view, at + 16)) break;
    const content = bytes.slice(start, end);
    frames.push({ page: view.getUint32(at), isCommit: view.getUint32(at + 4) !== 0, end, content });
    at = end;
  }
  const last = frames.findLastIndex(({ isCommit }) => isCommit);
  return { pageSize, frames: frames.slice(0, last + 1) };
}

type Sum = readonly [number, number];

function checksum(view: DataView, start: number, length: number, [first, second]: Sum, isBigEndian: boolean): Sum {
  let [a, b] = [first, second];
  for (let at = start; at < start + length; at += 8) {
    a = (a + view.getUint32(at, !isBigEndian) + b) >>> 0;
    b = (b + view.getUint32(at + 4, !isBigEndian) + a) >>> 0;
  }
  return [a, b];
}

function isEqual([first, second]: Sum, view: DataView, at: number): boolean {
  return view.getUint32(at) === first && view.getUint32(at + 4) === second;
}
