/**
 * Copies of short byte strings that share blocks of memory: an array buffer for each would take several times the
 * memory of the bytes, and most of the time of copying them.
 * @module
 */

const BLOCK_BYTES = 8_192;
/** A block lives as long as any string in it, so long ones have memory of their own. */
const LONGEST = BLOCK_BYTES / 8;

export class ByteBlocks {
  #block = new Uint8Array();
  #used = 0;

  /** The bytes again, never to be changed. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > LONGEST) return new Uint8Array(bytes);
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    this.#block.set(bytes, start);
    return this.#block.subarray(start, this.#used);
  }
}
