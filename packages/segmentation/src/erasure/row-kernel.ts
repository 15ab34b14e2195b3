/**
 * The work on bytes, which each backend does in its own way.
 *
 * A kernel holds rows: strips of equal width, one of each of some shards. Its transforms are those of Lin, Chung and
 * Han between the values of a polynomial at `count` consecutive elements and its coefficients in their basis
 * ("Novel Polynomial Basis and Its Application to Reed-Solomon Erasure Codes", 2014). Over a Cantor basis the factor
 * of the butterfly between rows r and r + d is simply (point + r) / d, of the integers.
 * @module
 */
/** Most inputs of one `product`. */
export const MAX_PRODUCT_INPUTS = 32;

export interface RowKernel {
  /** Makes room for so many rows. Whatever was there is gone; what rows hold at first is undefined. */
  open(rows: number, rowBytes: number): void;
  /** Zero-fills all that was held since the first `open` or the last `close`. The memory itself is kept. */
  close(): void;
  /** What is kept between calls. */
  readonly memory: Uint8Array;
  /** Row = bytes `from` to `from + rowBytes` of a shard; zeros where it ends before. */
  load(row: number, shard: Uint8Array, from: number): void;
  /** The other way; what a short shard has no room for is dropped. */
  store(row: number, shard: Uint8Array, from: number): void;
  clear(row: number): void;
  /** Row `to` = row `from`, for `count` rows that do not overlap. */
  copy(to: number, from: number, count: number): void;
  /** Row `to` ^= row `from`. */
  add(to: number, from: number): void;
  /** Row *= factor. */
  scale(row: number, factor: number): void;
  /**
   * Values at `point`... to coefficients, in place.
   *
   * @param count - a power of two, at least 2
   * @param used - how many rows, from the first, may be other than zero; the rest need not be cleared
   */
  inverse(row: number, count: number, used: number, point: number): void;
  /** The same, added to the rows at `sum`; leaves the rows themselves undefined. */
  inverseInto(sum: number, row: number, count: number, used: number, point: number): void;
  /**
   * Coefficients to values at `point`..., in place.
   *
   * @param needed - 1 for each row whose value is wanted, 0 for the others, which are left undefined
   */
  forward(row: number, count: number, point: number, needed: Uint8Array): void;
  /** Row `to + i` ^= the sum of factors[i * inputs + j] * row `from + j`, for at most {@link MAX_PRODUCT_INPUTS} inputs. */
  product(to: number, outputs: number, from: number, inputs: number, factors: Uint16Array): void;
}
