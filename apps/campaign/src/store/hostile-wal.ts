/**
 * Write-ahead logs by https://sqlite.org/fileformat.html#the_write_ahead_log, with checksums that are right, whatever they
 * contain.
 * @module
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export type Frame = {
  readonly page: number;
  /** Pages of the database after the transaction that ends with this frame; 0 for all other frames. */
  readonly pagesAfterCommit: number;
  readonly content: Uint8Array;
};

/** @param bytes - of a log that SQLite wrote; whatever its checksums say */
export function framesOf(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pageSize = view.getUint32(8);
  const frames: Frame[] = [];
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES + pageSize <= bytes.length; at += FRAME_HEADER_BYTES + pageSize) {
    const start = at + FRAME_HEADER_BYTES;
    const content = bytes.slice(start, start + pageSize);
    frames.push({ page: view.getUint32(at), pagesAfterCommit: view.getUint32(at + 4), content });
  }
  return frames;
}

/** @param pageSize - as the header says it; the frames may be of another one */
export function walOf(frames: readonly Frame[], pageSize: number): Uint8Array {
  const length = frames.reduce((sum, { content }) => sum + FRAME_HEADER_BYTES + content.length, HEADER_BYTES);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x377f_0683); // checksums of big-endian words
  view.setUint32(4, 3_007_000);
  view.setUint32(8, pageSize);
  view.setUint32(16, 0x5a17_0001);
  view.setUint32(20, 0x5a17_0002);
  let sum = checksum(view, 0, 24, [0, 0]);
  setSum(view, 24, sum);
  let at = HEADER_BYTES;
  for (const { page, pagesAfterCommit, content } of frames) {
    view.setUint32(at, page);
    view.setUint32(at + 4, pagesAfterCommit);
    view.setUint32(at + 8, 0x5a17_0001);
    view.setUint32(at + 12, 0x5a17_0002);
    const start = at + FRAME_HEADER_BYTES;
    bytes.set(content, start);
    sum = checksum(view, start, content.length, checksum(view, at, 8, sum));
    setSum(view, at + 16, sum);
    at = start + content.length;
  }
  return bytes;
}

type Sum = readonly [number, number];

function checksum(view: DataView, start: number, length: number, [first, second]: Sum): Sum {
  let [a, b] = [first, second];
  for (let at = start; at + 8 <= start + length; at += 8) {
    a = (a + view.getUint32(at) + b) >>> 0;
    b = (b + view.getUint32(at + 4) + a) >>> 0;
  }
  return [a, b];
}

function setSum(view: DataView, at: number, [a, b]: Sum): void {
  view.setUint32(at, a);
  view.setUint32(at + 4, b);
}
