/**
 * How wide the strips are that a kernel works on at one time.
 * @module
 */
const WORKING_BYTES = 512 * 1024;
const MAX_STRIP_BYTES = 16 * 1024;
/** Symbols of the 16-bit field come in blocks of so many bytes. */
const BLOCK_BYTES = 64;

/** A multiple of 64, at most the shard. Memory stays below 4 MiB + a little: there are at most 2 × 32,768 rows. */
export function stripBytesFor(rows: number, shardSize: number): number {
  const wanted = Math.min(MAX_STRIP_BYTES, WORKING_BYTES / rows);
  return Math.min(shardSize, Math.max(BLOCK_BYTES, wanted - (wanted % BLOCK_BYTES)));
}
