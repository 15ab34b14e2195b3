/**
 * Shards are worked on a strip at a time, so that the rows of a kernel stay in a cache and its memory stays small.
 * @module
 */
import type { RowKernel } from "./row-kernel.ts";

/** Of all rows together. Of 128 KiB to 2 MiB the speed is the same in the 8-bit field; the 16-bit field likes more. */
const WORKING_BYTES = 2 * 1024 * 1024;
/** Beyond this the calls for each strip no longer cost anything. */
const MAX_STRIP_BYTES = 16 * 1024;
/** Symbols of the 16-bit field come in blocks of so many bytes. */
const BLOCK_BYTES = 64;

/**
 * Calls `work` with the start of each strip, with room for so many rows of its width.
 *
 * @param rows - of the largest code 65,536, which makes 4 MiB
 */
export function eachStrip(kernel: RowKernel, rows: number, shardSize: number, work: (from: number) => void): void {
  const wanted = Math.min(MAX_STRIP_BYTES, Math.floor(WORKING_BYTES / rows / BLOCK_BYTES) * BLOCK_BYTES);
  const stripBytes = Math.min(shardSize, Math.max(BLOCK_BYTES, wanted));
  try {
    for (let from = 0; from < shardSize; from += stripBytes) {
      kernel.open(rows, Math.min(stripBytes, shardSize - from));
      work(from);
    }
  } finally {
    kernel.close();
  }
}
