/**
 * A set of message ids that says "no" or "maybe": bit for bit that of `@waku/sds` and its Nim original.
 * Both sides must use the same capacity and error rate: neither travels with the filter.
 * Spec: Scalable Data Sync, "Participant state"; double hashing after Kirsch and Mitzenmacher.
 * @module
 */
import { SdsError } from "./errors.ts";
import { murmur3 } from "./murmur3.ts";

export type BloomFilterOptions = {
  /** Ids for which the error rate holds, 1 or more. */
  readonly capacity: number;
  /** Share of ids that are not in the set, but found all the same; between 0 and 1. */
  readonly errorRate: number;
};

/** Two numbers of which others make all positions overflow beyond it. */
const MAX_POSITION = 2 ** 31 - 1;
const WORD_BITS = 64;

export class BloomFilter {
  readonly #size: Size;
  readonly #bytes: Uint8Array;

  /**
   * Empty, or with `ids`: of a long log the newest `capacity` ids, so that the error rate holds.
   *
   * @throws {@link SdsError} `INVALID_OPTION`
   */
  constructor(options: BloomFilterOptions, ids: Iterable<string> = []) {
    this.#size = sizeOf(options);
    this.#bytes = new Uint8Array(this.#size.byteLength);
    for (const id of ids) this.add(id);
  }

  /**
   * @returns undefined for bytes that no filter of these options has
   * @throws {@link SdsError} `INVALID_OPTION`
   */
  static fromBytes(bytes: Uint8Array, options: BloomFilterOptions): BloomFilter | undefined {
    const filter = new BloomFilter(options);
    if (bytes.length !== filter.#bytes.length) return undefined;
    filter.#bytes.set(bytes);
    return filter;
  }

  add(id: string): void {
    for (const [at, bit] of this.#positions(id)) this.#bytes[at] = (this.#bytes[at] ?? 0) | bit;
  }

  /** Never false for an id that was added. */
  has(id: string): boolean {
    return this.#positions(id).every(([at, bit]) => ((this.#bytes[at] ?? 0) & bit) !== 0);
  }

  /** A copy, as it travels. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** Byte and bit of each hash. The wire has words of 64 bits, each big-endian. */
  #positions(id: string): [number, number][] {
    const { bits, hashes } = this.#size;
    // One unit for each code point, as the original has it; in ids of ASCII these are the bytes.
    const units = Array.from(id, (character) => character.charCodeAt(0));
    const first = Math.abs(murmur3(units)) % bits;
    const second = Math.abs(murmur3([...units, 0x20, 0x62])) % bits;
    return Array.from({ length: hashes }, (_, index) => {
      const position = (first + index * second) % bits;
      const inWord = position % WORD_BITS;
      return [(position - inWord) / 8 + 7 - (inWord >>> 3), 1 << (inWord & 7)];
    });
  }
}

type Size = { readonly bits: number; readonly hashes: number; readonly byteLength: number };

function sizeOf({ capacity, errorRate }: BloomFilterOptions): Size {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new SdsError("INVALID_OPTION", `capacity: want an integer ≥ 1, got ${capacity}`);
  }
  if (!(errorRate > 0 && errorRate < 1)) {
    throw new SdsError("INVALID_OPTION", `errorRate: want > 0 and < 1, got ${errorRate}`);
  }
  const bitsForEach = Math.ceil(-Math.log(errorRate) / Math.LN2 ** 2);
  const hashes = Math.round(Math.LN2 * bitsForEach);
  const bits = capacity * bitsForEach;
  if (bits * hashes > MAX_POSITION) {
    const most = Math.floor(MAX_POSITION / (bitsForEach * hashes));
    throw new SdsError("INVALID_OPTION", `capacity: want ≤ ${most} at this error rate, got ${capacity}`);
  }
  // One word more than needed when the bits fill the last one: the original has it, too.
  return { bits, hashes, byteLength: 8 * (1 + Math.floor(bits / WORD_BITS)) };
}
