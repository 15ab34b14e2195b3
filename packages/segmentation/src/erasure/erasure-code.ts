/**
 * Leopard Reed-Solomon, equal bit for bit to the original: the checks of arguments and the codes that need no field.
 * @module
 */
import { SegmentationError } from "../errors.ts";
import { type ErasureBackend, kernelFor, resolveBackend } from "./backend.ts";
import { decodeStrips } from "./decoder.ts";
import { addStrips, encodeStrips } from "./encoder.ts";
import { fieldFor, fieldOf } from "./field.ts";

export type ErasureCodeOptions = {
  /** @default the fastest that the runtime has */
  readonly backend?: ErasureBackend;
};

/**
 * Makes parity shards, and data shards again from any `data.length` of both.
 * Calls are synchronous and leave nothing of the shards in memory of the backend.
 */
export class ErasureCode {
  readonly backend: ErasureBackend;

  /** @throws {@link SegmentationError} `INVALID_OPTION` for a backend that this runtime does not have */
  constructor(options: ErasureCodeOptions = {}) {
    this.backend = resolveBackend(options.backend);
  }

  /**
   * @param data - each at most `shardSize` long; what is shorter counts as if zeros followed
   * @param parity - written; none, or at most as many as data shards, each `shardSize` long
   * @param shardSize - bytes, a multiple of 64
   * @throws {@link SegmentationError} `INVALID_OPTION`
   */
  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[], shardSize: number): void {
    checkShardSize(shardSize);
    if (parity.length === 0) return;
    const scheme = fieldFor(data.length, parity.length);
    for (const [index, shard] of data.entries()) checkLength("data", index, shard, 0, shardSize);
    for (const [index, shard] of parity.entries()) checkLength("parity", index, shard, shardSize, shardSize);
    if (scheme === "copy") {
      for (const shard of parity) copyPadded(shard, data[0]);
    } else if (scheme === "xor") {
      for (const shard of parity) addStrips(kernelFor(this.backend, fieldOf(8)), data, shard, shardSize);
    } else {
      encodeStrips(kernelFor(this.backend, scheme), data, parity, shardSize);
    }
  }

  /**
   * @param data - `undefined` for a lost shard
   * @param parity - `undefined` for a lost shard; it is not made again
   * @param recovered - written; one for each lost data shard, in order, with room for all of it or its first part
   * @param shardSize - bytes, a multiple of 64
   * @throws {@link SegmentationError} `INVALID_OPTION`, `TOO_FEW_SHARDS`
   */
  decode(
    data: readonly (Uint8Array | undefined)[],
    parity: readonly (Uint8Array | undefined)[],
    recovered: readonly Uint8Array[],
    shardSize: number,
  ): void {
    checkShardSize(shardSize);
    for (const [index, shard] of data.entries()) checkLength("data", index, shard, 0, shardSize);
    for (const [index, shard] of parity.entries()) checkLength("parity", index, shard, shardSize, shardSize);
    for (const [index, shard] of recovered.entries()) checkLength("recovered", index, shard, 0, shardSize);
    const lost = data.reduce((count, shard) => (shard === undefined ? count + 1 : count), 0);
    const present = parity.reduce((count, shard) => (shard === undefined ? count : count + 1), 0);
    if (recovered.length !== lost) {
      throw new SegmentationError("INVALID_OPTION", `recovered: want ${lost}, got ${recovered.length}`);
    }
    if (lost > present) {
      throw new SegmentationError("TOO_FEW_SHARDS", `shards: want ${data.length}, got ${data.length - lost + present}`);
    }
    if (lost === 0) return;
    const scheme = fieldFor(data.length, parity.length);
    if (scheme === "copy") {
      for (const shard of recovered) copyPadded(shard, parity.find(isPresent));
    } else if (scheme === "xor") {
      const shards = [...parity, ...data].filter(isPresent);
      for (const shard of recovered) addStrips(kernelFor(this.backend, fieldOf(8)), shards, shard, shardSize);
    } else {
      decodeStrips(kernelFor(this.backend, scheme), scheme, data, parity, recovered, shardSize);
    }
  }
}

function checkShardSize(shardSize: number): void {
  if (!Number.isSafeInteger(shardSize) || shardSize < 64 || shardSize % 64 !== 0) {
    throw new SegmentationError("INVALID_OPTION", `shardSize: want a multiple of 64, at least 64, got ${shardSize}`);
  }
}

function checkLength(name: string, index: number, shard: Uint8Array | undefined, min: number, max: number): void {
  if (shard === undefined || (shard.length >= min && shard.length <= max)) return;
  const wanted = min === max ? `${max}` : `${min} to ${max}`;
  throw new SegmentationError("INVALID_OPTION", `${name}[${index}]: want ${wanted} bytes, got ${shard.length}`);
}

function isPresent(shard: Uint8Array | undefined): shard is Uint8Array {
  return shard !== undefined;
}

/** The first bytes of `from`, as far as there is room; zeros after its end. */
function copyPadded(to: Uint8Array, from: Uint8Array | undefined): void {
  const part = from?.subarray(0, to.length) ?? new Uint8Array(0);
  to.set(part);
  to.fill(0, part.length);
}
